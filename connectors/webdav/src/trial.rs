//! What shows that a server puts a file together of ranges, instead of replacing it by one of them (RFC 9110, 14.5 leaves it to the server).

use crate::ranges::Range;

/// What mod_dav_fs, Apache's module for files, says of itself in the header DAV of OPTIONS: its own properties' namespace (httpd, modules/dav/fs/repos.c). The only server of which it is known that PUT with
/// Content-Range writes in place and that ranges of one file can come at once (modules/dav/main/mod_dav.c, `dav_method_put`). Others that know such a PUT copy the whole file for each (Tomcat), so that of two at once one
/// is lost; a trial need not show that.
const MOD_DAV_FS: &str = "<http://apache.org/dav/propset/fs/1>";

/// The file that the trial begins with.
pub const WHOLE: &str = "camroll looks whether this server puts ranges of a file together.";
/// What goes into it.
pub const INSIDE: Piece = Piece {
    offset: 8,
    text: "LOOKS",
};
/// What comes behind its end, with a gap between.
pub const BEYOND: Piece = Piece {
    offset: 100,
    text: "It does.",
};
/// Bytes that it has in the end.
pub const SIZE: u64 = BEYOND.offset + BEYOND.text.len() as u64;

/// A part of the trial's file.
pub struct Piece {
    offset: u64,
    /// Its bytes.
    pub text: &'static str,
}

impl Piece {
    /// The value of Content-Range.
    pub fn content_range(&self) -> String {
        let range = Range {
            offset: self.offset,
            length: self.text.len() as u64,
        };
        range.content_range(SIZE)
    }

    fn put_into(&self, file: &mut Vec<u8>) {
        let (from, to) = (self.offset as usize, self.offset as usize + self.text.len());
        if file.len() < to {
            file.resize(to, 0);
        }
        file[from..to].copy_from_slice(self.text.as_bytes());
    }
}

/// Whether the answer to OPTIONS is that of Apache's mod_dav with files behind it.
pub fn is_mod_dav(headers: &[(String, String)]) -> bool {
    headers
        .iter()
        .any(|(name, value)| name.eq_ignore_ascii_case("dav") && value.contains(MOD_DAV_FS))
}

/// Whether an answer to a PUT says that there was no file before (RFC 9110, 9.3.4).
pub fn made(status: u16) -> bool {
    status == 201
}

/// Whether an answer to a PUT with Content-Range says that it went into the file that was there. 201 would say that it was gone: older versions of mod_dav take the file away when a range of it breaks off, and the
/// next range makes one anew, with a hole where the others had been.
pub fn went_in(status: u16) -> bool {
    status == 204
}

/// Whether what is read back is the file with both pieces.
pub fn proves(status: u16, read: &[u8]) -> bool {
    let mut file = WHOLE.as_bytes().to_vec();
    INSIDE.put_into(&mut file);
    BEYOND.put_into(&mut file);
    status == 200 && read == file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apache_is_known_by_what_it_says_of_its_properties() {
        let said = |headers: &[(&str, &str)]| {
            let headers: Vec<(String, String)> = headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            is_mod_dav(&headers)
        };
        // Apache 2.4 sends the header twice; a proxy may make one of it.
        assert!(said(&[("DAV", "1,2"), ("DAV", MOD_DAV_FS)]));
        assert!(said(&[("dav", "1,2,<http://apache.org/dav/propset/fs/1>")]));
        assert!(!said(&[("DAV", "1,2"), ("Server", "Apache/2.4.67 (Debian)")]));
        assert!(!said(&[(
            "DAV",
            "1,2,<http://subversion.tigris.org/xmlns/dav/svn/depth>"
        )]));
        assert!(!said(&[("X", MOD_DAV_FS)]));
        assert!(!said(&[]));
    }

    #[test]
    fn only_the_file_with_both_pieces_is_a_proof() {
        let right = b"camroll LOOKS whether this server puts ranges of a file together.";
        let mut file = right.to_vec();
        file.resize(100, 0);
        file.extend_from_slice(b"It does.");
        assert_eq!(file.len() as u64, SIZE);
        assert!(proves(200, &file));
        // Replaced by the last piece, by the first, ignored, put behind the end, not read.
        assert!(!proves(200, BEYOND.text.as_bytes()));
        assert!(!proves(200, INSIDE.text.as_bytes()));
        assert!(!proves(200, WHOLE.as_bytes()));
        assert!(!proves(200, right));
        assert!(!proves(200, &[WHOLE.as_bytes(), BEYOND.text.as_bytes()].concat()));
        assert!(!proves(206, &file));
        assert!(!proves(404, b""));
    }

    #[test]
    fn pieces_go_inside_and_behind() {
        assert_eq!(INSIDE.content_range(), "bytes 8-12/108");
        assert_eq!(BEYOND.content_range(), "bytes 100-107/108");
        assert!(BEYOND.offset > WHOLE.len() as u64);
    }

    #[test]
    fn a_range_that_made_a_file_went_into_none() {
        assert!(made(201) && !made(204) && !made(200));
        assert!(went_in(204) && !went_in(201) && !went_in(200) && !went_in(400));
    }
}
