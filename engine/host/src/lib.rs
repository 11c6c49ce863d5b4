//! The sandbox: loads connectors, implements the interface of wit/, enforces grants and limits.
