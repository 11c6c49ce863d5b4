//! Servers of three generations.

/// Which server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Release {
    /// 1.134.0: no field `filename`, no metadata of one's own, keys can't be asked what they may do.
    V1_134,
    /// 2.7.5: uploads still name a device.
    V2_7,
    /// 3.2.2: no devices, times with a zone, durations in milliseconds, cursors.
    V3_2,
}

impl Release {
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_134, Self::V2_7, Self::V3_2];

    /// Major, minor, patch.
    pub fn numbers(self) -> [u32; 3] {
        match self {
            Self::V1_134 => [1, 134, 0],
            Self::V2_7 => [2, 7, 5],
            Self::V3_2 => [3, 2, 2],
        }
    }

    pub(crate) fn is_3(self) -> bool {
        self >= Self::V3_2
    }

    pub(crate) fn is_2(self) -> bool {
        self >= Self::V2_7
    }
}
