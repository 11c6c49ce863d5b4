//! Renaming and taking away, each only if what is there is what was expected.

use camroll_model::ConnectorError;
use rustix::fs::AtFlags;
use rustix::io::Errno;

use super::failure::{conflict, failure};
use super::folder::{FileFacts, Folder};
use super::path::{Reach, RelativePath};
use super::publish::{Touched, rename_to_nothing};

impl Folder {
    /// Gives a file another path; what stands there is never replaced.
    pub(crate) fn rename(
        &self,
        from: &str,
        to: &str,
        expected: Option<&str>,
        reach: Reach,
    ) -> Result<FileFacts, ConnectorError> {
        self.check_there()?;
        let (from, to) = (RelativePath::read(from, reach)?, RelativePath::write(to, reach)?);
        let failed = |error: std::io::Error| failure("Renaming", from.as_str(), &error);
        let (Some((from_parents, from_name)), Some((to_parents, to_name))) = (from.split_last(), to.split_last())
        else {
            return Err(failed(Errno::ISDIR.into()));
        };
        let from_folder = self.open_parents(from_parents).map_err(failed)?;
        let found = rustix::fs::statat(&from_folder, from_name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| failed(error.into()))?;
        self.expect(&from, &found, expected)?;
        let mut touched = Touched::default();
        let to_folder = self
            .make_parents(to_parents, |folder| touched.add(folder))
            .map_err(failed)?;
        match rename_to_nothing(&from_folder, from_name.as_c_str(), &to_folder, to_name) {
            Ok(()) => {}
            Err(Errno::EXIST) => {
                return Err(conflict(
                    "files/exists",
                    format!("Something is at {:?} already.", to.as_str()),
                ));
            }
            Err(error) => return Err(failed(error.into())),
        }
        touched.add(&to_folder).map_err(failed)?;
        touched.add(&from_folder).map_err(failed)?;
        touched.sync()?;
        let found = rustix::fs::statat(&to_folder, to_name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| failed(error.into()))?;
        Ok(self.facts(to.as_str().to_owned(), &found))
    }

    /// Takes a file away.
    pub(crate) fn remove(&self, path: &str, expected: Option<&str>, reach: Reach) -> Result<(), ConnectorError> {
        self.check_there()?;
        let path = RelativePath::read(path, reach)?;
        let failed = |error: std::io::Error| failure("Removing", path.as_str(), &error);
        let Some((parents, name)) = path.split_last() else {
            return Err(failed(Errno::ISDIR.into()));
        };
        let parent = self.open_parents(parents).map_err(failed)?;
        let found = rustix::fs::statat(&parent, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| failed(error.into()))?;
        self.expect(&path, &found, expected)?;
        rustix::fs::unlinkat(&parent, name.as_c_str(), AtFlags::empty()).map_err(|error| failed(error.into()))?;
        let mut touched = Touched::default();
        touched.add(&parent).map_err(failed)?;
        touched.sync()
    }
}
