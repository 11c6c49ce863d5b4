//! What the servers say no with: SabreDAV's document (sabre-io/dav, lib/DAV/Server.php, `exec`) under the name of the exception that each case throws.

/// A request that isn't done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub status: u16,
    pub exception: &'static str,
    pub message: String,
    pub headers: Vec<(&'static str, String)>,
}

impl Refusal {
    fn of(status: u16, exception: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            exception,
            message: message.into(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::of(400, "Sabre\\DAV\\Exception\\BadRequest", message)
    }

    /// apps/dav/lib/Connector/Sabre/Exception/InvalidPath.php.
    pub(crate) fn invalid_path(message: impl Into<String>) -> Self {
        Self::of(400, "OCA\\DAV\\Connector\\Sabre\\Exception\\InvalidPath", message)
    }

    pub(crate) fn not_authenticated(message: impl Into<String>) -> Self {
        Self::of(401, "Sabre\\DAV\\Exception\\NotAuthenticated", message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::of(403, "Sabre\\DAV\\Exception\\Forbidden", message)
    }

    pub(crate) fn not_found(path: &str) -> Self {
        Self::of(
            404,
            "Sabre\\DAV\\Exception\\NotFound",
            format!("File with name /{path} could not be located"),
        )
    }

    pub(crate) fn not_allowed(message: impl Into<String>) -> Self {
        Self::of(405, "Sabre\\DAV\\Exception\\MethodNotAllowed", message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::of(409, "Sabre\\DAV\\Exception\\Conflict", message)
    }

    pub(crate) fn precondition(message: impl Into<String>) -> Self {
        Self::of(412, "Sabre\\DAV\\Exception\\PreconditionFailed", message)
    }

    pub(crate) fn range(message: impl Into<String>) -> Self {
        Self::of(416, "Sabre\\DAV\\Exception\\RequestedRangeNotSatisfiable", message)
    }

    /// apps/dav/lib/Connector/Sabre/Exception/FileLocked.php.
    pub(crate) fn locked(path: &str) -> Self {
        Self::of(
            423,
            "OCA\\DAV\\Connector\\Sabre\\Exception\\FileLocked",
            format!("\"{path}\" is locked"),
        )
    }

    /// apps/dav/lib/Connector/Sabre/Exception/TooManyRequests.php.
    pub(crate) fn too_many_requests() -> Self {
        Self::of(429, "OCA\\DAV\\Connector\\Sabre\\Exception\\TooManyRequests", "")
    }

    pub(crate) fn not_implemented(method: &str) -> Self {
        Self::of(
            501,
            "Sabre\\DAV\\Exception\\NotImplemented",
            format!("There was no handler found for this \"{method}\" method"),
        )
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::of(500, "OCP\\Files\\GenericFileException", message)
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::of(503, "Sabre\\DAV\\Exception\\ServiceUnavailable", message)
    }

    pub(crate) fn no_space(message: impl Into<String>) -> Self {
        Self::of(507, "Sabre\\DAV\\Exception\\InsufficientStorage", message)
    }

    /// Its document.
    pub(crate) fn document(&self) -> String {
        let hint = match self.status {
            429 => "\n  <o:hint xmlns:o=\"o:\">too many requests</o:hint>",
            _ => "",
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<d:error xmlns:d=\"DAV:\" xmlns:s=\"http://sabredav.org/ns\">\n  <s:exception>{}</s:exception>\n  <s:message>{}</s:message>{hint}\n</d:error>\n",
            self.exception,
            crate::xml::escaped(&self.message)
        )
    }
}
