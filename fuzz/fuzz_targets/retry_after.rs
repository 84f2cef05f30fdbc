#![no_main]

#[path = "../targets/mod.rs"]
#[allow(dead_code, unused_imports)]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::retry_after(input));
