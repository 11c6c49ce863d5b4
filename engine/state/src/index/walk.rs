//! Looks through an index that wasn't closed: every value whole, and as many of each as the records say.

use std::collections::BTreeMap;

use super::keys::{self, Family};
use super::{Index, value};
use crate::error::StateError;

/// What is said of a family's size by a record elsewhere: (family, number it is kept under) → how many.
pub(crate) type Counted = BTreeMap<(u8, u32), u64>;

impl Index {
    /// Reads everything; damage is an error. `said` tells from a pair how many of something there must be.
    pub(super) fn walk(
        &self,
        said: impl Fn(&[u8], &[u8], &mut Counted) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let mut there = Counted::new();
        let mut expected = Counted::new();
        let all = self.sled(|db| Ok(db.iter()))?;
        let mut all = all;
        while let Some((key, stored)) = self.sled(|_| all.next().transpose())? {
            let bytes = self.trust(value::open(&key, &stored))?;
            if let (Some(family), Some(number)) = (key.first(), keys::number_at(&key, 1)) {
                *there.entry((*family, number)).or_default() += 1;
            }
            said(&key, bytes, &mut expected)?;
        }
        for ((family, number), expected) in expected {
            let there = there.get(&(family, number)).copied().unwrap_or(0);
            if there != expected {
                return Err(self.distrust(format!(
                    "there are {there} values of kind {family:#04x} under {number}, and should be {expected}"
                )));
            }
        }
        Ok(())
    }
}

/// Says that there must be so many more of a family.
pub(crate) fn expect(counted: &mut Counted, family: Family, number: u32, many: u64) {
    *counted.entry((family as u8, number)).or_default() += many;
}
