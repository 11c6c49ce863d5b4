//! The host's randomness for crates that draw on `getrandom` (build with `--cfg getrandom_backend="custom"`, as `connectors/build.sh` does).
#![allow(
    unsafe_code,
    reason = "getrandom's custom backend is a symbol with a pointer; this is the one place"
)]

use crate::random;

/// Most bytes of one call of the host's.
const MOST: usize = 65_536;

/// # Safety
/// `dest` points to `len` bytes that may be written: getrandom's own contract.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(dest: *mut u8, len: usize) -> Result<(), getrandom::Error> {
    let mut filled = 0;
    while filled < len {
        let part = (len - filled).min(MOST);
        let bytes = random::bytes(u32::try_from(part).map_err(|_| getrandom::Error::UNEXPECTED)?);
        if bytes.len() != part {
            return Err(getrandom::Error::UNEXPECTED);
        }
        // Within the `len` bytes that the caller gave: filled + part <= len.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), dest.add(filled), part) };
        filled += part;
    }
    Ok(())
}
