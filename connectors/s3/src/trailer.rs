//! A checksum behind the bytes that it is of, in one chunk ("aws-chunked" with an unsigned payload and a trailer; docs.aws.amazon.com/AmazonS3, "Signature calculations: trailing chunks").

use camroll_connector::bindings::camroll::connector::bodies::Body;
use camroll_connector::http::{Builder, Encoding};

/// The trailer's name: CRC-32C.
pub const NAME: &str = "x-amz-checksum-crc32c";

/// What an upload is begun with, so that its parts may have them, and its whole one that is computed from theirs.
pub const WHOLE: [(&str, &str); 2] = [
    ("x-amz-checksum-algorithm", "CRC32C"),
    ("x-amz-checksum-type", "FULL_OBJECT"),
];

/// Sends a range of a file, and its checksum behind it.
pub fn behind_range<'b>(request: Builder<'b>, body: &'b Body, offset: u64, length: u64) -> Builder<'b> {
    announced(request, length)
        .bytes(before(length))
        .range(body, offset, Some(length))
        .bytes(between())
        .digest(body, "crc32c", Encoding::Base64)
        .bytes(END)
}

/// Sends a text, and behind it what is said to be its checksum.
pub fn behind_text<'b>(request: Builder<'b>, text: &str, checksum: &str) -> Builder<'b> {
    let length = text.len() as u64;
    announced(request, length)
        .bytes(before(length))
        .bytes(text)
        .bytes(between())
        .bytes(checksum)
        .bytes(END)
}

fn announced(request: Builder<'_>, length: u64) -> Builder<'_> {
    request
        .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        .header("content-encoding", "aws-chunked")
        .header("x-amz-decoded-content-length", length.to_string())
        .header("x-amz-trailer", NAME)
}

fn before(length: u64) -> String {
    format!("{length:x}\r\n")
}

fn between() -> String {
    format!("\r\n0\r\n{NAME}:")
}

const END: &str = "\r\n\r\n";
