//! The connector `immich` through the host, against servers of three generations as `tests/clouds/immich` keeps them.

mod albums;
mod annotations;
mod browse;
mod contract;
mod faults;
mod pairs;
mod permissions;
mod place;
mod upload;
