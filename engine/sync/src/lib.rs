//! One spec, once: changes, catalogue, plan, transfer, commit, receipt.
