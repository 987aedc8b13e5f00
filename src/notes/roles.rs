//! A text about people → the same about roles, for copies that leave the house.

use super::telling::Naming;

/// The text with each name of these people, where it stands as a whole word, as what they are called in a copy. Names are
/// replaced also in what people typed; nicknames cannot be known.
pub fn with_roles(text: &str, people: &[String]) -> String {
    let naming = Naming::Roles(people.to_vec());
    let mut told = String::with_capacity(text.len());
    let mut word = String::new();
    let flush = |word: &mut String, told: &mut String| {
        // A name at the end of a sentence: its dot is the sentence's.
        let bare = word.trim_end_matches(['.', '-']);
        if people.iter().any(|person| person == bare) {
            told.push_str(&naming.of(bare));
            told.push_str(word.get(bare.len()..).unwrap_or_default());
        } else {
            told.push_str(word);
        }
        word.clear();
    };
    for letter in text.chars() {
        if letter.is_alphanumeric() || "._-".contains(letter) {
            word.push(letter);
        } else {
            flush(&mut word, &mut told);
            told.push(letter);
        }
    }
    flush(&mut word, &mut told);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_become_roles_and_parts_of_words_stay() {
        let people = ["ana".to_owned(), "j.doe".to_owned()];
        let text = "ana called j.doe. The analysis by @ana, ana's note (owner: ana). banana";
        assert_eq!(
            with_roles(text, &people),
            "operator 1 called operator 2. The analysis by @operator 1, operator 1's note (owner: operator 1). banana"
        );
        assert_eq!(with_roles("ana", &people[..1]), "operator");
    }
}
