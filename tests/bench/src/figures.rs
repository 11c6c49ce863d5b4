/// What several rounds came to.
#[derive(Clone, Debug, Default)]
pub struct Figures(Vec<f64>);

impl Figures {
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    fn sorted(&self) -> Vec<f64> {
        let mut all = self.0.clone();
        all.sort_by(f64::total_cmp);
        all
    }

    pub fn median(&self) -> f64 {
        let all = self.sorted();
        match all.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => all[length / 2],
            length => (all[length / 2 - 1] + all[length / 2]) / 2.0,
        }
    }

    /// The median, and from which to which.
    pub fn told(&self, unit: &str, digits: usize) -> String {
        let all = self.sorted();
        let (least, most) = (
            all.first().copied().unwrap_or(f64::NAN),
            all.last().copied().unwrap_or(f64::NAN),
        );
        format!(
            "{:.digits$} {unit} ({least:.digits$} to {most:.digits$})",
            self.median()
        )
    }

    /// Round by round, how often the other's fits into this one's.
    pub fn ratios(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| one / other).collect())
    }
}

/// Bytes as MB.
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
