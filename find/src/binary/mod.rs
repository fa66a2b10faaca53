//! Functions of a built program or library that C can call, and whether they have a shim.
//!
//! The order of things: [`image`] reads symbols, code and pointers; [`code`] finds what refers to
//! what; [`marker`] says which targets tell a shim; [`debug`] says where a function was written,
//! and [`abi`] looks there whether it is `extern`; [`judge`] puts it together.

mod abi;
mod code;
mod debug;
mod image;
mod judge;
mod marker;
mod path;
mod report;

use std::fs;
use std::path::{Path, PathBuf};

use object::FileKind;

use crate::binary::debug::Debug;
use crate::binary::image::Image;
use crate::binary::judge::Judge;
pub(crate) use crate::binary::report::{Function, Inspection, Reach, State};

/// Looks at a program or shared library.
pub(crate) fn inspect(path: &Path) -> Result<Inspection, String> {
    let data = fs::read(path).map_err(|error| error.to_string())?;
    let file = object::File::parse(&*data).map_err(|error| not_linked(&data, &error))?;
    if object::Object::kind(&file) == object::ObjectKind::Relocatable {
        return Err("is not linked; link it into a program or shared library first".to_owned());
    }
    let image = Image::new(&file)?;
    if !code::is_known(image.architecture) {
        return Err(format!(
            "code for {:?} is not read; x86, x86_64 and aarch64 are",
            image.architecture
        ));
    }
    let beside = beside(path);
    let debug_data = beside.map(fs::read).transpose().map_err(|error| error.to_string())?;
    let debug_file = debug_data.as_deref().map(object::File::parse).transpose();
    let debug_file = debug_file.map_err(|error| format!("its dSYM: {error}"))?;
    let debug = Debug::new(debug_file.as_ref().unwrap_or(&file))?;
    Judge::new(&image, &debug).inspection()
}

/// Where macOS keeps debug information.
fn beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?;
    let mut folder = name.to_owned();
    folder.push(".dSYM");
    let file = path.with_file_name(folder).join("Contents/Resources/DWARF").join(name);
    file.is_file().then_some(file)
}

fn not_linked(data: &[u8], error: &object::Error) -> String {
    match FileKind::parse(data) {
        Ok(FileKind::Archive) => {
            "is an archive; link it into a program or shared library first".to_owned()
        }
        Ok(FileKind::MachOFat32 | FileKind::MachOFat64) => {
            "holds code for several processors; take one out of it with `lipo -thin`".to_owned()
        }
        _ => format!("is no program or library: {error}"),
    }
}
