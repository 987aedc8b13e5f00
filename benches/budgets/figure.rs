//! One line of the table: ours, what it is measured against, the ratio, the goal, whether it is met.

use std::fmt;

/// What a figure is held against.
#[derive(Debug, Clone)]
pub enum Against {
    /// A peer's or a limit's figure of the same run.
    Measured(String, f64),
    /// A peer that is not installed, and the package that brings it.
    Absent(String, String),
    /// Nothing: the goal is absolute.
    Nothing,
}

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// Ours at most this many times theirs.
    RatioAtMost(f64),
    /// Ours at least this many times theirs.
    RatioAtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
    /// Only told.
    None,
}

/// A line.
#[derive(Debug, Clone)]
pub struct Figure {
    name: String,
    unit: &'static str,
    ours: f64,
    against: Against,
    goal: Goal,
}

impl Figure {
    pub fn new(name: impl Into<String>, ours: f64, unit: &'static str) -> Self {
        Self { name: name.into(), unit, ours, against: Against::Nothing, goal: Goal::None }
    }

    #[must_use]
    pub fn against(mut self, name: impl Into<String>, value: f64) -> Self {
        self.against = Against::Measured(name.into(), value);
        self
    }

    /// A peer's figure, or the package that would bring the peer.
    #[must_use]
    pub fn peer(mut self, name: &str, package: &str, value: Option<f64>) -> Self {
        self.against = match value {
            Some(value) => Against::Measured(name.into(), value),
            None => Against::Absent(name.into(), package.into()),
        };
        self
    }

    #[must_use]
    pub fn goal(mut self, goal: Goal) -> Self {
        self.goal = goal;
        self
    }

    fn ratio(&self) -> Option<f64> {
        match &self.against {
            Against::Measured(_, value) if *value > 0.0 => Some(self.ours / value),
            _ => None,
        }
    }

    /// Whether the goal is met; none where there is no goal or no peer.
    pub fn is_met(&self) -> Option<bool> {
        match self.goal {
            Goal::RatioAtMost(most) => self.ratio().map(|ratio| ratio <= most),
            Goal::RatioAtLeast(least) => self.ratio().map(|ratio| ratio >= least),
            Goal::AtMost(most) => Some(self.ours <= most),
            Goal::AtLeast(least) => Some(self.ours >= least),
            Goal::None => None,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let against = match &self.against {
            Against::Measured(name, value) => format!("{name} {}", number(*value)),
            Against::Absent(name, _) => format!("{name} absent"),
            Against::Nothing => String::new(),
        };
        let ratio = self.ratio().map(|ratio| format!("{} ×", number(ratio))).unwrap_or_default();
        let goal = match self.goal {
            Goal::RatioAtMost(most) => format!("≤ {} ×", number(most)),
            Goal::RatioAtLeast(least) => format!("≥ {} ×", number(least)),
            Goal::AtMost(most) => format!("≤ {}", number(most)),
            Goal::AtLeast(least) => format!("≥ {}", number(least)),
            Goal::None => "-".into(),
        };
        let word = match (&self.against, self.is_met()) {
            (_, Some(true)) => "met".to_owned(),
            (_, Some(false)) => "NOT MET".to_owned(),
            (Against::Absent(_, package), None) => format!("peer absent ({package})"),
            (_, None) => "told".to_owned(),
        };
        let ours = format!("{} {}", number(self.ours), self.unit);
        write!(f, "{:<58} {ours:>14}  {against:<30} {ratio:>9}  {goal:<10} {word}", self.name)
    }
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{:.2}M", value / 1e6),
        size if size >= 1e4 => format!("{:.1}k", value / 1e3),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// The middle one; of an even count the lower of the two.
pub fn median(mut values: Vec<f64>) -> f64 {
    percentile(&mut values, 50.0)
}

/// The value below which so many per cent are.
pub fn percentile(values: &mut [f64], percent: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = ((values.len() as f64 * percent / 100.0).ceil() as usize).clamp(1, values.len().max(1)) - 1;
    values.get(place).copied().unwrap_or(f64::NAN)
}
