//! A folder that is there whole or not at all, even if the program is killed meanwhile: it is filled beside its place and then
//! renamed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Programs that may fill a folder of one name at the same time.
const TOGETHER_MAX: usize = 64;

/// A folder that is being filled.
pub(super) struct Folder {
    dir: PathBuf,
    beside: PathBuf,
    former: PathBuf,
    /// Held as long as the folder is being filled; the system lets it go when the program ends, however it ends.
    lock: PathBuf,
    _held: File,
    done: bool,
}

/// A name beside the folder's.
fn hidden(dir: &Path, what: &str) -> io::Result<PathBuf> {
    let file_name = dir.file_name().ok_or_else(|| io::Error::other(format!("{} names no folder", dir.display())))?;
    Ok(dir.with_file_name(format!(".{}.{what}", file_name.to_string_lossy())))
}

/// Removes a folder or file if it is there.
fn clear(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

impl Folder {
    /// Begins the folder that will be `dir`. A former folder of that name will be replaced if it holds a former report (a file
    /// named `mark`) or nothing. What killed programs left is cleared away.
    pub fn begin(dir: &Path, mark: &str) -> io::Result<Folder> {
        super::may_be_written(dir, mark)?;
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", parent.display())))?;
        let mut found = None;
        for number in 1..=TOGETHER_MAX {
            let ending = if number == 1 { String::new() } else { format!("-{number}") };
            let lock = hidden(dir, &format!("lock{ending}"))?;
            // Those after the first are there only if programs ran at the same time.
            if found.is_some() && !lock.exists() {
                break;
            }
            let held = File::create(&lock)?;
            match held.try_lock() {
                Err(fs::TryLockError::WouldBlock) => continue,
                Err(fs::TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
                _ => {}
            }
            let (beside, former) = (hidden(dir, &format!("partial{ending}"))?, hidden(dir, &format!("former{ending}"))?);
            clear(&beside)?;
            clear(&former)?;
            if found.is_some() {
                clear(&lock)?;
                continue;
            }
            fs::create_dir(&beside)?;
            found = Some(Folder { dir: dir.to_path_buf(), beside, former, lock, _held: held, done: false });
        }
        found.ok_or_else(|| io::Error::other(format!("too many programs write {}", dir.display())))
    }

    /// Where its files go for now.
    pub fn path(&self) -> &Path {
        &self.beside
    }

    /// Writes the rest and puts it at its place.
    pub fn finish(mut self, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
        fill(&self.beside)?;
        // Removing takes many steps, renaming one: at no moment is there half a folder.
        if self.dir.exists() {
            fs::rename(&self.dir, &self.former)?;
        }
        fs::rename(&self.beside, &self.dir)?;
        self.done = true;
        clear(&self.former)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // If something went wrong, that is the error to tell, not one of clearing away.
        if !self.done {
            let _ = clear(&self.beside);
        }
        let _ = clear(&self.lock);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn two_fill_one_folder_and_what_others_left_is_cleared() {
        let home = std::env::temp_dir().join(format!("kubesim-folder-{}", std::process::id()));
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(home.join(".out.partial/charts")).unwrap();
        fs::create_dir_all(home.join(".out.partial-2")).unwrap();
        fs::write(home.join(".out.lock-2"), "").unwrap();
        let out = home.join("out");
        let one = Folder::begin(&out, "mark").unwrap();
        assert_eq!(names(&home), [".out.lock", ".out.partial"]);
        let two = Folder::begin(&out, "mark").unwrap();
        assert_eq!(names(&home), [".out.lock", ".out.lock-2", ".out.partial", ".out.partial-2"]);
        let put = |text: &'static str| move |dir: &Path| fs::write(dir.join("mark"), text);
        two.finish(put("two")).unwrap();
        assert_eq!(fs::read_to_string(out.join("mark")).unwrap(), "two");
        one.finish(put("one")).unwrap();
        assert_eq!(fs::read_to_string(out.join("mark")).unwrap(), "one");
        drop(Folder::begin(&out, "mark").unwrap());
        assert_eq!(names(&home), ["out"]);
        let error = Folder::begin(&out, "other").map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        fs::remove_dir_all(&home).unwrap();
    }
}
