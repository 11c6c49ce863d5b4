//! Into which ranges a large file is cut.

/// Files of at least so many bytes.
pub const LARGE: u64 = 64 << 20;
/// A server that takes so long for an answer, nanoseconds, is far away: one connection carries what TCP lets it have under way (on Linux 4 MiB) in each such time, which is 800 MB/s; to nearer ones
/// more.
pub const FAR: i128 = 5_000_000;
/// Ranges whose answers are awaited at a time, each by a connection of its own.
pub const UNDER_WAY: usize = 4;

/// Bytes of a range: what one connection has under way, so that the next one's turn comes as soon as that is out.
const RANGE: u64 = 4 << 20;
/// A line that takes longer, nanoseconds, for so many bytes is carried by one connection as well as by more: it gets longer and longer ranges, with less answers to wait for, and less connections that are
/// idle in between and may be closed.
const SLOW: i128 = 1_000_000_000;

/// Bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub offset: u64,
    /// How many.
    pub length: u64,
}

impl Range {
    /// The value of Content-Range (RFC 9110, 14.4) in a file of so many bytes.
    pub fn content_range(self, size: u64) -> String {
        format!("bytes {}-{}/{size}", self.offset, self.offset + self.length - 1)
    }
}

/// A file that is being cut, from its first byte to its last.
#[derive(Debug)]
pub struct Cut {
    size: u64,
    reached: u64,
    length: u64,
}

impl Cut {
    /// One of so many bytes.
    pub fn of(size: u64) -> Self {
        Self {
            size,
            reached: 0,
            length: RANGE,
        }
    }

    /// The range that comes next; none at the end.
    pub fn take(&mut self) -> Option<Range> {
        let range = Range {
            offset: self.reached,
            length: self.length.min(self.size - self.reached),
        };
        self.reached += range.length;
        (range.length > 0).then_some(range)
    }

    /// Takes note that a range was answered, so many nanoseconds after the one before it.
    pub fn answered(&mut self, range: Range, took: i128) {
        let is_slow = took * i128::from(RANGE) > SLOW * i128::from(range.length);
        self.length = match is_slow {
            true => range.length.saturating_mul(2).max(self.length),
            false => RANGE,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(size: u64, took: impl Fn(Range) -> i128) -> Vec<Range> {
        let mut cut = Cut::of(size);
        let mut ranges = Vec::new();
        while let Some(range) = cut.take() {
            ranges.push(range);
            cut.answered(range, took(range));
        }
        ranges
    }

    #[test]
    fn every_byte_is_in_one_range() {
        for size in [1, RANGE - 1, RANGE, RANGE + 1, LARGE, LARGE + 7, 2 << 30] {
            for took in [0, SLOW, SLOW + 1, i128::from(u64::MAX)] {
                let mut reached = 0;
                for range in all(size, |_| took) {
                    assert_eq!(range.offset, reached);
                    assert!(range.length > 0);
                    reached += range.length;
                }
                assert_eq!(reached, size, "{took}");
            }
        }
    }

    #[test]
    fn ranges_grow_on_a_slow_line_only() {
        let fast = all(1 << 30, |range| i128::from(range.length) * 10);
        assert!(fast.iter().all(|range| range.length == RANGE));
        let slow = all(1 << 30, |range| i128::from(range.length) * 1_000);
        assert!(slow.len() < 10, "{}", slow.len());
        // One that halted once.
        let halted = all(1 << 30, |range| if range.offset == RANGE { 2 * SLOW } else { 0 });
        assert_eq!(halted.iter().filter(|range| range.length > RANGE).count(), 1);
    }

    #[test]
    fn a_range_is_written_as_http_wants_it() {
        let range = Range { offset: 4, length: 6 };
        assert_eq!(range.content_range(20), "bytes 4-9/20");
    }
}
