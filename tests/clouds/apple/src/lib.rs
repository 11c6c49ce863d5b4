//! Apple's iCloud Photos on loopback, for tests, the demo and benchmarks.
