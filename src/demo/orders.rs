//! The shop's orders: the same for the same date, so that a rerun finds what it expects.

use jiff::civil::Date;
use std::fmt::Write as _;

/// Orders of a day.
const ORDERS: u32 = 240;
const ARTICLES: [(&str, u32); 8] = [
    ("Dog bed", 3990),
    ("Leash 2 m", 1250),
    ("Collar", 899),
    ("Food bowl", 1499),
    ("Biscuits 1 kg", 675),
    ("Ball", 350),
    ("Raincoat", 2799),
    ("Whistle", 499),
];

/// The export that is delivered on a date: the orders of the day before as CSV. A broken one has three rows that are no
/// orders, the way exports really break: a letter O for a zero, a decimal comma, a row that was cut.
pub(super) fn export(delivered: Date, is_broken: bool) -> String {
    let day = delivered.yesterday().unwrap_or(delivered);
    let seed =
        u64::from(day.year().unsigned_abs()) * 372 + u64::from(day.month().unsigned_abs()) * 31 + u64::from(day.day().unsigned_abs());
    let mut csv = String::from("order,ordered_at,article,quantity,amount\n");
    for number in 0..ORDERS {
        let dice =
            (seed + 1).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(u64::from(number).wrapping_mul(1_442_695_040_888_963_407))
                >> 33;
        let (article, cents) = ARTICLES[(dice % 8) as usize];
        let quantity = 1 + (dice / 8 % 3) as u32;
        let minute = number * 6 % 1_440;
        let amount = format!("{}.{:02}", cents * quantity / 100, cents * quantity % 100);
        let order = 100_000 + seed % 800 * 1_000 + u64::from(number);
        let at = format!("{day}T{:02}:{:02}", minute / 60, minute % 60);
        let _ = match (is_broken, number) {
            (true, 116) => writeln!(csv, "{order},{at},{article},{quantity},39.9O"),
            (true, 157) => writeln!(csv, "{order},{at},{article},{quantity},{}", amount.replace('.', ",")),
            (true, 203) => writeln!(csv, "{order},{at},{article}"),
            _ => writeln!(csv, "{order},{at},{article},{quantity},{amount}"),
        }; // writing to a text cannot fail
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_broken_export_has_three_rows_that_are_no_orders() {
        let (good, broken) = (export(date(2026, 11, 21), false), export(date(2026, 11, 21), true));
        assert_eq!(good, export(date(2026, 11, 21), false));
        assert_ne!(good, export(date(2026, 11, 22), false));
        assert_eq!(good.lines().count(), 241);
        let different: Vec<&str> =
            broken.lines().zip(good.lines()).filter(|(broken, good)| broken != good).map(|(broken, _)| broken).collect();
        assert_eq!(different.len(), 3, "{different:?}");
        assert!(good.lines().skip(1).all(|row| row.contains("2026-11-20T") && row.split(',').count() == 5));
    }
}
