//! The lines that are compared: written by hand where something is special, the rest made from a fixed seed.

const BY_HAND: [&str; 64] = [
    "@hourly",
    "@daily",
    "@weekly",
    "@monthly",
    "@quarterly",
    "@yearly",
    "@midnight",
    "* * * * *",
    "*/5 * * * *",
    "*/20 1-3 * * *",
    "30 2 * * *",
    "30 2,14 * * *",
    "0,30 2 * * *",
    "15 1,2,3 * * *",
    "0 0 * * *",
    "30 0 * * *",
    "45 23 * * *",
    "59 23 31 12 *",
    "0 */2 * * *",
    "30 */6 * * *",
    "30 * * * *",
    "0-59 2 * * 0",
    "*/15 2 * * *",
    "5 0-4 * * *",
    "0 9 * * 1-5",
    "0 9 * * mon-fri",
    "0 9 * * MON,WED,FRI",
    "30 1 * * 0",
    "30 1 * * 7",
    "0 0 * * sun",
    "15 2 8 3 *",
    "15 2 * mar,oct sun",
    "0 3 L * *",
    "30 2 L * *",
    "0 0 LW * *",
    "0 6 15W * *",
    "0 6 1W * *",
    "30 2 31W * *",
    "0 6 1,15W,L * *",
    "0 0 * * 5L",
    "30 2 * * 0L",
    "0 12 * * friL",
    "30 2 * 3 sun#4",
    "0 0 * * 1#1",
    "0 8 * * mon#1,wed#3",
    "0 8 * * 5#5",
    "0 6 13 * 5",
    "0 6 1-7 * mon",
    "0 6 */10 * *",
    "0 6 L * mon#1",
    "0 0 29 2 *",
    "0 0 29 feb sat",
    "0 0 31 * *",
    "0 0 30 4,6,9,11 *",
    "0 0 1 jan-jun/2 *",
    "10-50/20 1-3 * * *",
    "0 2-3 * 10,11 sun",
    "0 0 ? * mon",
    "15 30 2 * * *",
    "0,30 30 2 * * *",
    "*/30 59 1 * * *",
    "10 0 */3 * * *",
    "* 30 2 29 3 *",
    "59 59 23 L * *",
];

/// A small generator with a good spread (splitmix64).
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, limit: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.cast_unsigned()).cast_signed()
    }

    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as i64) as usize]
    }
}

/// So many lines, always the same.
pub fn lines(count: usize) -> Vec<String> {
    let mut lines: Vec<String> = BY_HAND.iter().map(|line| (*line).to_owned()).collect();
    let mut chance = Chance(11);
    while lines.len() < count {
        let line = made(&mut chance);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.truncate(count);
    lines
}

fn made(chance: &mut Chance) -> String {
    let (low, high) = (chance.below(30), 30 + chance.below(30));
    let minute = match chance.below(8) {
        0 => format!("{low},{high}"),
        1 => format!("*/{}", 10 + chance.below(20)),
        2 => format!("{low}-{high}/{}", 7 + chance.below(20)),
        _ => chance.below(60).to_string(),
    };
    // Mostly the hours at which clocks change somewhere.
    let (early, late) = (chance.below(4), 4 + chance.below(20));
    let hour = match chance.below(10) {
        0 => "*".to_owned(),
        1 => format!("*/{}", 2 + chance.below(6)),
        2 | 3 => format!("{early},{late}"),
        4 => format!("{early}-{}", early + 1 + chance.below(3)),
        5 => late.to_string(),
        _ => early.to_string(),
    };
    let number = 1 + chance.below(28);
    let day = match chance.below(12) {
        0 => "L".to_owned(),
        1 => "LW".to_owned(),
        2 => format!("{}W", 1 + chance.below(31)),
        3 => format!("{number},L"),
        4 => format!("*/{}", 2 + chance.below(9)),
        5 => format!("{number}-{}", 28 + chance.below(4)),
        6 => number.to_string(),
        _ => "*".to_owned(),
    };
    let month = match chance.below(8) {
        0 => chance.pick(&["mar", "oct,nov", "apr-sep", "JAN", "feb-nov/3"]).to_owned(),
        1 => format!("*/{}", 2 + chance.below(4)),
        2 => format!("{},{}", 1 + chance.below(6), 7 + chance.below(6)),
        _ => "*".to_owned(),
    };
    let weekday = match chance.below(12) {
        0 => chance.pick(&["sat", "sun", "mon-fri", "tue,thu", "Wed"]).to_owned(),
        1 => format!("{}#{}", chance.below(7), 1 + chance.below(5)),
        2 => format!("{}L", chance.below(7)),
        3 => chance.below(8).to_string(),
        4 => chance.pick(&["sun#1", "sunL", "mon#2,fri#4", "1-5/2"]).to_owned(),
        _ => "*".to_owned(),
    };
    let line = format!("{minute} {hour} {day} {month} {weekday}");
    match chance.below(10) {
        0 => format!("{} {line}", chance.pick(&["0", "30", "15,45", "*/20", "50-59/3"])),
        _ => line,
    }
}
