//! When an asset was taken and added, on the clock that its photographer saw.

use camroll_model::{Asset, Instant};
use jiff::Zoned;
use jiff::tz::{Offset, TimeZone};

/// When it was taken, in the zone it was taken in, else in `zone`. None where the source has no date or one outside the calendar.
pub(crate) fn taken(asset: &Asset, zone: &TimeZone) -> Option<Zoned> {
    Some(asset.taken?.to_timestamp()?.to_zoned(own_zone(asset, zone)))
}

/// When it came into the library, in the zone it was taken in, else in `zone`. None as for [`taken`].
pub(crate) fn added(asset: &Asset, zone: &TimeZone) -> Option<Zoned> {
    Some(asset.added?.to_timestamp()?.to_zoned(own_zone(asset, zone)))
}

/// An offset that no clock shows (beyond 25:59:59) counts as none.
fn own_zone(asset: &Asset, zone: &TimeZone) -> TimeZone {
    asset
        .taken_offset
        .and_then(|seconds| Offset::from_seconds(seconds).ok())
        .map_or_else(|| zone.clone(), Offset::to_time_zone)
}

/// The time to set on its files: when it was taken, else when it came into the library. None where neither is known or in the calendar.
pub fn file_time(asset: &Asset) -> Option<Instant> {
    [asset.taken, asset.added]
        .into_iter()
        .flatten()
        .find(|time| time.to_timestamp().is_some())
}
