//! Finds steps that wait for each other in a circle.

use std::collections::HashMap;

/// The first circle among nodes whose `needs` are given by index, in the order in which each needs the next; `None`
/// where there is none. Takes no stack, so a chain of thousands of steps is fine.
pub(super) fn find_cycle(needs: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut is_done = vec![false; needs.len()];
    for start in 0..needs.len() {
        // The way from the start to here: a node, and how many of its needs were looked at.
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        let mut place_on_way: HashMap<usize, usize> = HashMap::from([(start, 0)]);
        while let Some((node, looked)) = way.last_mut() {
            let node = *node;
            let next = needs.get(node).and_then(|needs| needs.get(*looked)).copied();
            *looked += 1;
            match next {
                None => {
                    way.pop();
                    place_on_way.remove(&node);
                    if let Some(done) = is_done.get_mut(node) {
                        *done = true;
                    }
                }
                Some(next) => {
                    if let Some(place) = place_on_way.get(&next) {
                        return Some(way.iter().skip(*place).map(|(node, _)| *node).collect());
                    }
                    if is_done.get(next) == Some(&false) {
                        place_on_way.insert(next, way.len());
                        way.push((next, 0));
                    }
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found_and_nothing_else() {
        assert_eq!(find_cycle(&[vec![], vec![0], vec![0], vec![1, 2]]), None);
        assert_eq!(find_cycle(&[vec![0]]), Some(vec![0]));
        assert_eq!(find_cycle(&[vec![], vec![3, 0], vec![1], vec![2]]), Some(vec![1, 3, 2]));
    }

    #[test]
    fn a_chain_of_many_steps_needs_no_stack() {
        let mut chain: Vec<Vec<usize>> = (0..200_000).map(|node: usize| node.checked_sub(1).into_iter().collect()).collect();
        assert_eq!(find_cycle(&chain), None);
        chain[0] = vec![199_999];
        assert_eq!(find_cycle(&chain).map(|cycle| cycle.len()), Some(200_000));
    }
}
