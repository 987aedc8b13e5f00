//! Figures → CSV (RFC 4180) that a spreadsheet opens without obeying it: a text that would begin a formula gets an
//! apostrophe before it, a number stays a number.

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words, from wherever.
    Text(String),
    /// A figure; negative ones too are written as they are.
    Number(f64),
    /// Not known: empty, never 0.
    Absent,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u32> for Cell {
    fn from(count: u32) -> Self {
        Self::Number(f64::from(count))
    }
}

impl From<Option<f64>> for Cell {
    fn from(figure: Option<f64>) -> Self {
        figure.filter(|figure| figure.is_finite()).map_or(Self::Absent, Self::Number)
    }
}

/// Rows as CSV, with line ends as the standard has them.
pub fn rows(rows: &[Vec<Cell>]) -> String {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().map(written).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn written(cell: &Cell) -> String {
    match cell {
        Cell::Number(figure) => figure.to_string(),
        Cell::Absent => String::new(),
        Cell::Text(text) => {
            let safe = if is_formula(text) { format!("'{text}") } else { text.clone() };
            if safe.contains([',', '"', '\n', '\r']) || safe.starts_with([' ', '\'']) || safe.ends_with(' ') {
                format!("\"{}\"", safe.replace('"', "\"\""))
            } else {
                safe
            }
        }
    }
}

/// Whether a spreadsheet would take a text for a formula. What begins with an apostrophe gets one more, so that reading
/// gives back what was written.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'])
}

/// CSV → its cells as texts, with the apostrophes of [`rows`] taken away. The other half of the promise: what was exported
/// can be read again.
pub fn read(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    let done = |cell: &mut String| {
        let text = std::mem::take(cell);
        text.strip_prefix('\'').filter(|rest| is_formula(rest)).map(str::to_owned).unwrap_or(text)
    };
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            ',' if !quoted => row.push(done(&mut cell)),
            '\r' if !quoted && letters.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(done(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            letter => cell.push(letter),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(done(&mut cell));
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_words_and_numbers_stay_numbers() {
        let cells = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "a \"b\"", "two\nlines", "x,y", "'quoted"];
        let mut row: Vec<Cell> = cells.iter().map(|text| Cell::from(*text)).collect();
        row.extend([Cell::Number(-12.5), Cell::Absent, Cell::from(3)]);
        let text = rows(&[row]);
        assert!(text.starts_with("\"'=cmd|' /C calc'!A0\",\"'+1\",\"'-1\",\"'@SUM(A1)\","), "{text}");
        assert!(text.ends_with(",-12.5,,3\r\n"), "{text}");
        let back = read(&text);
        assert_eq!(back.len(), 1);
        assert_eq!(back[0][..cells.len()], cells.map(str::to_owned));
        assert_eq!(back[0][cells.len()..], ["-12.5", "", "3"].map(str::to_owned));
    }

    proptest! {
        #[test]
        fn what_is_exported_is_read_again(texts in proptest::collection::vec(proptest::collection::vec("[=+\\-@\t\r\n'\",a-c é]{0,6}", 2..4), 1..5)) {
            let cells: Vec<Vec<Cell>> = texts.iter().map(|row| row.iter().map(|text| Cell::from(text.as_str())).collect()).collect();
            let csv = rows(&cells);
            prop_assert_eq!(read(&csv), texts);
        }

        #[test]
        fn no_text_begins_a_formula(text in "\\PC{0,20}|[=+@\t\r-].{0,10}") {
            let csv = rows(&[vec![Cell::from(text.as_str())]]);
            // One quote is the quoting; a further one is of the text, which then begins with it.
            let first = csv.strip_prefix('"').unwrap_or(&csv).chars().next();
            prop_assert!(!matches!(first, Some('=' | '+' | '-' | '@' | '\t')), "{}", csv);
        }
    }
}
