//! How people are named in what is told: by their names, or by their roles where a text leaves the house.

use crate::domain::{Author, Entry};

/// How people are named in what is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Naming {
    /// By their user names.
    #[default]
    Names,
    /// As `operator`, or `operator 1`, `operator 2` where there are several, in this order.
    Roles(Vec<String>),
}

impl Naming {
    /// Roles for the people who acted in these entries, in the order in which they came in.
    pub fn roles<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut people: Vec<String> = Vec::new();
        for entry in entries {
            let name = entry.author.name();
            if entry.author.is_person() && !people.iter().any(|other| other == name) {
                people.push(name.to_owned());
            }
        }
        Self::Roles(people)
    }

    /// What a person is called.
    pub fn of(&self, name: &str) -> String {
        match self {
            Self::Names => name.to_owned(),
            Self::Roles(people) if people.len() < 2 => "operator".into(),
            Self::Roles(people) => match people.iter().position(|other| other == name) {
                Some(place) => format!("operator {}", place + 1),
                None => "operator".into(),
            },
        }
    }

    /// Words that people typed, with each `@name` of someone who acted as what they are called.
    pub(super) fn mentions(&self, words: String) -> String {
        let Self::Roles(people) = self else { return words };
        let mut told = String::with_capacity(words.len());
        let mut rest = words.as_str();
        while let Some((before, after)) = rest.split_once('@') {
            told.push_str(before);
            let end = after.find(|letter: char| !letter.is_alphanumeric() && !"._-".contains(letter)).unwrap_or(after.len());
            let (name, next) = after.split_at(end);
            if people.iter().any(|person| person == name) {
                told.push_str(&self.of(name));
            } else {
                told.push('@');
                told.push_str(name);
            }
            rest = next;
        }
        told.push_str(rest);
        told
    }

    /// What an author is called; dogwatch and neighbours keep their names.
    pub fn author(&self, author: &Author) -> String {
        if author.is_person() { self.of(author.name()) } else { author.name().to_owned() }
    }
}
