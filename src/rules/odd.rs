//! Characters of a command that are not what they seem: what steers the reading, what nobody sees, and letters that look
//! like others. Who approves a command must have seen them spelled out.

/// A character that is not what it seems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odd {
    /// The line, from 1.
    pub line: usize,
    /// Its place on the line, in characters, from 1.
    pub column: usize,
    /// The character.
    pub character: char,
    /// What about it.
    pub what: What,
}

/// What is odd about a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It steers a terminal.
    Control,
    /// It changes the direction in which the text around it is read.
    Direction,
    /// Nobody sees it.
    Invisible,
    /// It looks like this one.
    LooksLike(char),
    /// It is of another alphabet than the letters beside it.
    Foreign,
}

impl Odd {
    /// `⟦U+0430 looks like a⟧`.
    pub fn marked(&self) -> String {
        format!("⟦U+{:04X} {}⟧", u32::from(self.character), self.words())
    }

    /// What is odd about it, in words.
    pub fn words(&self) -> String {
        match self.what {
            What::Control => "steers the terminal".into(),
            What::Direction => "changes the direction of reading".into(),
            What::Invisible => "is not seen".into(),
            What::LooksLike(other) => format!("looks like {other}"),
            What::Foreign => "is of another alphabet".into(),
        }
    }
}

/// All odd characters of a text, in order.
pub fn odd_characters(text: &str) -> Vec<Odd> {
    if text.bytes().all(|byte| matches!(byte, b'\n' | b'\t' | 0x20..=0x7e)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (line, words) in text.split('\n').enumerate() {
        let letters: Vec<char> = words.chars().collect();
        for (place, character) in letters.iter().enumerate() {
            let beside = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(char::is_ascii_alphanumeric);
            let among_latin = beside(place.checked_sub(1)) || beside(place.checked_add(1));
            if let Some(what) = oddness(*character, among_latin) {
                found.push(Odd { line: line + 1, column: place + 1, character: *character, what });
            }
        }
    }
    found
}

/// The lines of a text with every odd character spelled out in its place.
pub fn spelled_out(text: &str) -> Vec<String> {
    let odd = odd_characters(text);
    let mut odd = odd.iter().peekable();
    let mut lines = Vec::new();
    for (line, words) in text.split('\n').enumerate() {
        let mut out = String::with_capacity(words.len());
        for (column, character) in words.chars().enumerate() {
            match odd.next_if(|odd| odd.line == line + 1 && odd.column == column + 1) {
                Some(odd) => out.push_str(&odd.marked()),
                None => out.push(character),
            }
        }
        lines.push(out);
    }
    lines
}

fn oddness(character: char, among_latin: bool) -> Option<What> {
    if matches!(character, '\t' | ' '..='~') {
        return None;
    }
    let number = u32::from(character);
    match number {
        0x00..=0x1f | 0x7f..=0x9f => return Some(What::Control),
        0x061c | 0x200e..=0x200f | 0x202a..=0x202e | 0x2066..=0x2069 => return Some(What::Direction),
        0xa0
        | 0xad
        | 0x034f
        | 0x115f..=0x1160
        | 0x17b4..=0x17b5
        | 0x180b..=0x180e
        | 0x2000..=0x200d
        | 0x2028..=0x2029
        | 0x202f
        | 0x205f..=0x2065
        | 0x206a..=0x206f
        | 0x2800
        | 0x3000
        | 0x3164
        | 0xfe00..=0xfe0f
        | 0xfeff
        | 0xffa0
        | 0xfff0..=0xfffb
        | 0xe_0000..=0xe_0fff => return Some(What::Invisible),
        _ => {}
    }
    if let Some(other) = looks_like(character) {
        return Some(What::LooksLike(other));
    }
    // Other accents of Latin letters are what they seem; an alphabet of its own is not, in the middle of a Latin word.
    let other_alphabet =
        matches!(number, 0x0370..=0x058f | 0x10a0..=0x10ff | 0x13a0..=0x13ff | 0x2c00..=0x2dff | 0xa4d0..=0xa4ff | 0xab70..=0xabbf);
    (among_latin && other_alphabet).then_some(What::Foreign)
}

/// Letters and signs that look like ASCII, the ones that fonts for terminals draw alike.
const ALIKE: &[(&str, &str)] = &[
    // Cyrillic.
    ("аАвВеЕкКмМнНоОрРсСтТуУхХіІјЈѕЅԁԛԜԝһҺӏьЗ", "aAbBeEkKmMhHoOpPcCtTyYxXiIjJsSdqWwhHlb3"),
    // Greek.
    ("αΑΒΕΖΗΙΚΜΝοΟρΡΤυΥΧνικ", "aABEZHIKMNoOpPTuYXvik"),
    // Armenian, Latin of other uses.
    ("օսոհցքɡɑıʟɩ", "ounhgqgailι"),
    // Signs that a shell reads in ASCII only.
    ("‐‑‒–—―−﹣", "--------"),
    ("ˈʹʼ‘’‛′`´", "''''''''`"),
    ("“”„‟″", "\"\"\"\"\""),
    ("⁄∕⧸╱", "////"),
    ("∖⧵﹨", "\\\\\\"),
    ("ꓸ․‥", "..."),
    ("∶꞉ː", ":::"),
    (";‚", ";,"),
    ("ǀ∣❘|", "||||"),
    ("‹›", "<>"),
    ("∗⁎", "**"),
    ("﹩﹠﹫", "$&@"),
];

/// The ASCII character that this one looks like.
fn looks_like(character: char) -> Option<char> {
    let number = u32::from(character);
    // Full-width forms, and letters and digits of mathematics, repeat ASCII in order.
    if let 0xff01..=0xff5e = number {
        return char::from_u32(number - 0xff01 + 0x21);
    }
    if let 0x1_d400..=0x1_d6a3 = number {
        let place = (number - 0x1_d400) % 52;
        return char::from_u32(if place < 26 { 0x41 + place } else { 0x61 + place - 26 });
    }
    if let 0x1_d7ce..=0x1_d7ff = number {
        return char::from_u32(0x30 + (number - 0x1_d7ce) % 10);
    }
    ALIKE
        .iter()
        .find_map(|(these, those)| these.chars().zip(those.chars()).find(|(this, that)| *this == character && this != that))
        .map(|(_, that)| that)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        odd_characters(text).iter().map(|odd| format!("{}:{} {}", odd.line, odd.column, odd.words())).collect()
    }

    #[test]
    fn what_is_not_what_it_seems_is_found_in_its_place() {
        assert_eq!(words("curl https://shop.example/x"), Vec::<String>::new());
        assert_eq!(words("größer als 漢字 é"), Vec::<String>::new(), "letters that are what they seem");
        assert_eq!(words("rm \u{202e}gpj.sh"), ["1:4 changes the direction of reading"]);
        assert_eq!(words("a\u{2066}b\u{2069}"), ["1:2 changes the direction of reading", "1:4 changes the direction of reading"]);
        assert_eq!(words("x\u{200d}y\u{e0041}"), ["1:2 is not seen", "1:4 is not seen"]);
        assert_eq!(words("ok\ncurl sh\u{43e}p.example"), ["2:8 looks like o"]);
        assert_eq!(words("a\u{1b}[2K"), ["1:2 steers the terminal"]);
        assert_eq!(words("rm –rf"), ["1:4 looks like -"]);
        assert_eq!(words("\u{ff52}\u{1d42b}"), ["1:1 looks like r", "1:2 looks like r"]);
        assert_eq!(words("payпal"), ["1:4 is of another alphabet"]);
        assert_eq!(words("tab\tis fine"), Vec::<String>::new());
    }

    #[test]
    fn spelled_out_text_has_nothing_odd_left() {
        let text = "echo one\nrm –rf \u{202e}x";
        assert_eq!(spelled_out(text), ["echo one", "rm ⟦U+2013 looks like -⟧rf ⟦U+202E changes the direction of reading⟧x"]);
        assert!(spelled_out(text).iter().all(|line| odd_characters(line).is_empty()));
    }

    #[test]
    fn tables_are_of_equal_length() {
        for (these, those) in ALIKE {
            assert_eq!(these.chars().count(), those.chars().count(), "{these}");
            assert!(these.chars().all(|this| !this.is_ascii() || those.contains(this)), "{these}");
        }
    }
}
