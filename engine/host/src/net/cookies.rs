use url::Url;

use crate::vault::KeptCookie;

/// The Cookie header for a URL; none where no cookie goes there.
pub(crate) fn header_for(cookies: &[KeptCookie], url: &Url, now: i64) -> Option<String> {
    let host = url.host_str()?;
    let path = url.path();
    let mut fitting: Vec<&KeptCookie> = cookies
        .iter()
        .filter(|cookie| {
            let host_fits = if cookie.host_only {
                host == cookie.domain
            } else {
                host == cookie.domain
                    || host
                        .strip_suffix(cookie.domain.as_str())
                        .is_some_and(|rest| rest.ends_with('.'))
            };
            let path_fits = path == cookie.path
                || path
                    .strip_prefix(cookie.path.as_str())
                    .is_some_and(|rest| cookie.path.ends_with('/') || rest.starts_with('/'));
            let safe = !cookie.secure
                || url.scheme() == "https"
                || host == "127.0.0.1"
                || host == "localhost"
                || host == "[::1]";
            host_fits && path_fits && safe && cookie.expires.is_none_or(|expires| expires > now)
        })
        .collect();
    // RFC 6265 §5.4: longer paths first.
    fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
    let header = fitting
        .iter()
        .map(|cookie| format!("{}={}", cookie.name, cookie.value))
        .collect::<Vec<_>>()
        .join("; ");
    (!header.is_empty()).then_some(header)
}

/// A cookie with a value and an expiry long past: which services send and mean to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PastExpiry {
    /// The cookie goes, as RFC 6265 has it.
    Removes,
    /// It is kept for the session.
    IsIgnored,
}

/// Reads a Set-Cookie header of an answer from `url`; none where it isn't one, or is for another host.
pub(crate) fn parse(header: &str, url: &Url, past: PastExpiry, now: i64) -> Option<KeptCookie> {
    if header.len() > 16 << 10 {
        return None;
    }
    let mut parts = header.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let host = url.host_str()?.to_owned();
    let mut cookie = KeptCookie {
        name: name.trim().to_owned(),
        value: value.trim().to_owned(),
        domain: host.clone(),
        host_only: true,
        path: "/".to_owned(),
        secure: false,
        expires: None,
    };
    let mut max_age = None;
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "domain" if !value.is_empty() => {
                let domain = value.trim_start_matches('.').to_ascii_lowercase();
                let is_ours = host == domain
                    || host
                        .strip_suffix(domain.as_str())
                        .is_some_and(|rest| rest.ends_with('.'));
                // One label would be for every host of a top-level domain.
                if !is_ours || (!domain.contains('.') && domain != host) {
                    return None;
                }
                cookie.host_only = false;
                cookie.domain = domain;
            }
            "path" if value.starts_with('/') => cookie.path = value.to_owned(),
            "secure" => cookie.secure = true,
            "max-age" => max_age = value.parse::<i64>().ok(),
            "expires" => cookie.expires = http_date(value),
            _ => {}
        }
    }
    if let Some(seconds) = max_age {
        cookie.expires = Some(now.saturating_add(seconds));
    }
    if past == PastExpiry::IsIgnored && !cookie.value.is_empty() && cookie.expires.is_some_and(|expires| expires <= now)
    {
        cookie.expires = None;
    }
    let token = !cookie.name.is_empty() && cookie.name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'=');
    let plain = cookie
        .value
        .bytes()
        .all(|byte| byte >= 0x20 && byte != 0x7f && byte != b';');
    (token && plain).then_some(cookie)
}

/// A date as HTTP writes it: "Wed, 21 Oct 2026 07:28:00 GMT", and with dashes as some servers do.
pub(crate) fn http_date(text: &str) -> Option<i64> {
    let text = text.replace('-', " ");
    let text = text.split_once(", ").map_or(text.as_str(), |(_, rest)| rest);
    let mut parts = text.split_whitespace();
    let day: i8 = parts.next()?.parse().ok()?;
    let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let month = parts.next()?.to_ascii_lowercase();
    let month = months.iter().position(|known| month.starts_with(known))? as i8 + 1;
    let year: i16 = parts.next()?.parse().ok()?;
    let year = if year < 70 {
        year + 2000
    } else if year < 100 {
        year + 1900
    } else {
        year
    };
    let mut clock = parts.next()?.split(':').map(|part| part.parse::<i8>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let time = jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_cookie_with_a_value_outlives_1970_where_that_is_meant() {
        let header =
            "X-APPLE-WEBAUTH-TOKEN=abc; Domain=icloud.com; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure";
        let at = url("https://setup.icloud.com/setup/ws/1/validate");
        let kept = parse(header, &at, PastExpiry::IsIgnored, 1000).unwrap();
        assert_eq!(kept.expires, None);
        assert_eq!(
            header_for(&[kept], &url("https://p61-ckdatabasews.icloud.com/x"), 1000).unwrap(),
            "X-APPLE-WEBAUTH-TOKEN=abc"
        );
        assert_eq!(parse(header, &at, PastExpiry::Removes, 1000).unwrap().expires, Some(0));
    }

    #[test]
    fn cookies_stay_with_their_host() {
        let at = url("https://a.example.com/");
        assert!(parse("x=1; Domain=other.com", &at, PastExpiry::Removes, 0).is_none());
        assert!(parse("x=1; Domain=com", &at, PastExpiry::Removes, 0).is_none());
        let own = parse("x=1", &at, PastExpiry::Removes, 0).unwrap();
        assert!(header_for(&[own], &url("https://b.a.example.com/"), 0).is_none());
    }
}
