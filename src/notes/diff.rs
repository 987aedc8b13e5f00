//! Two texts → what differs, line by line: for the conflict view and the offer of recovered text.

/// A line of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// In both.
    Same(&'a str),
    /// Only in the first.
    Removed(&'a str),
    /// Only in the second.
    Added(&'a str),
}

/// Cells of the table that finds the longest common part; beyond it the differing middle is shown as replaced. 4 MiB.
const CELLS_MAX: usize = 1 << 20;

/// Compares two texts by their lines. Line ends do not count.
pub fn lines<'a>(first: &'a str, second: &'a str) -> Vec<Line<'a>> {
    let (a, b): (Vec<_>, Vec<_>) = (first.lines().collect(), second.lines().collect());
    let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a_rest, b_rest) = (a.get(head..).unwrap_or_default(), b.get(head..).unwrap_or_default());
    let tail = a_rest.iter().rev().zip(b_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let a_mid = a_rest.get(..a_rest.len() - tail).unwrap_or_default();
    let b_mid = b_rest.get(..b_rest.len() - tail).unwrap_or_default();

    let mut found: Vec<_> = a.iter().take(head).map(|line| Line::Same(line)).collect();
    middle(a_mid, b_mid, &mut found);
    found.extend(a.iter().skip(a.len() - tail).map(|line| Line::Same(line)));
    found
}

/// Whether two texts differ in more than line ends.
pub fn differ(first: &str, second: &str) -> bool {
    !first.lines().eq(second.lines())
}

/// The part between the common head and the common tail, by the longest common subsequence.
fn middle<'a>(a: &[&'a str], b: &[&'a str], found: &mut Vec<Line<'a>>) {
    let width = b.len() + 1;
    if (a.len() + 1).saturating_mul(width) > CELLS_MAX {
        found.extend(a.iter().map(|line| Line::Removed(line)));
        found.extend(b.iter().map(|line| Line::Added(line)));
        return;
    }
    // `table[i * width + j]`: how many lines a[i..] and b[j..] have in common.
    let mut table = vec![0_u32; (a.len() + 1) * width];
    let at = |table: &[u32], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
    for (i, left) in a.iter().enumerate().rev() {
        for (j, right) in b.iter().enumerate().rev() {
            let best = if left == right { at(&table, i + 1, j + 1) + 1 } else { at(&table, i + 1, j).max(at(&table, i, j + 1)) };
            if let Some(cell) = table.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    loop {
        match (a.get(i), b.get(j)) {
            (Some(left), Some(right)) if left == right => {
                found.push(Line::Same(left));
                (i, j) = (i + 1, j + 1);
            }
            (Some(left), right) if right.is_none() || at(&table, i + 1, j) >= at(&table, i, j + 1) => {
                found.push(Line::Removed(left));
                i += 1;
            }
            (_, Some(right)) => {
                found.push(Line::Added(right));
                j += 1;
            }
            (_, None) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_changed_line_is_removed_and_added() {
        let found = lines("a\nb\nc\n", "a\nB\nc\nd\n");
        assert_eq!(found, [Line::Same("a"), Line::Removed("b"), Line::Added("B"), Line::Same("c"), Line::Added("d")]);
        assert!(!differ("a\r\nb", "a\nb\n"));
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_the_comparison(a in "[abc\n]{0,40}", b in "[abc\n]{0,40}") {
            let found = lines(&a, &b);
            let first: Vec<_> = found.iter().filter_map(|line| match line { Line::Same(t) | Line::Removed(t) => Some(*t), Line::Added(_) => None }).collect();
            let second: Vec<_> = found.iter().filter_map(|line| match line { Line::Same(t) | Line::Added(t) => Some(*t), Line::Removed(_) => None }).collect();
            prop_assert_eq!(first, a.lines().collect::<Vec<_>>());
            prop_assert_eq!(second, b.lines().collect::<Vec<_>>());
        }
    }
}
