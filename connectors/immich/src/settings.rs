//! What the person set.

use serde::Deserialize;

/// The manifest's `settings`. The key's slot stands in the manifest only: no request is put together with it here.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    url: String,
}

impl Settings {
    /// Where the API is, without a slash at the end. People copy the address with or without `/api`.
    pub fn api(&self) -> String {
        let url = self.url.trim_end_matches('/');
        match url.strip_suffix("/api") {
            Some(_) => url.to_owned(),
            None => format!("{url}/api"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_may_end_as_people_copy_it() {
        for (url, api) in [
            ("https://photos.example.com", "https://photos.example.com/api"),
            ("https://photos.example.com/", "https://photos.example.com/api"),
            ("https://photos.example.com/api/", "https://photos.example.com/api"),
            ("http://127.0.0.1:2283/immich", "http://127.0.0.1:2283/immich/api"),
        ] {
            assert_eq!(Settings { url: url.into() }.api(), api);
        }
    }
}
