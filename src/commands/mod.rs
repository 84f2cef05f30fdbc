//! What the commands besides `serve` and `demo` do.

pub mod backfill;
pub mod check;
pub mod fields;
pub mod health;
