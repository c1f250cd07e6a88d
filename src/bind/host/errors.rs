//! Properties of errors.

use crate::base::Fault;
use crate::lang::{Native, native, natives_of};

/// The kind of a caught error: `shape`, `type`, `option`, `file` and others.
///
/// ```rhai
/// try { tensor::zeros([2]) @ tensor::zeros([3]); } catch (e) { assert_eq(e.kind, "torch"); }
/// ```
#[native(namespace = "error", form = property)]
pub fn kind(this: &Fault) -> String {
    this.kind.to_string()
}

/// The message: what is wrong.
///
/// ```rhai
/// try { assert(false, "no"); } catch (e) { assert(e.message.contains("no")); }
/// ```
#[native(namespace = "error", form = property)]
pub fn message(this: &Fault) -> String {
    this.message.clone()
}

/// The hint: how to correct the error; unit where there is none.
///
/// ```rhai
/// try { tensor::zeros([1, 2]).reshape([3]); } catch (e) { assert_eq(e.hint, ()); }
/// ```
#[native(namespace = "error", form = property)]
pub fn hint(this: &Fault) -> Option<String> {
    this.hint.clone()
}

/// The line of the script where the error occurred, from 1; 0 where it is unknown.
///
/// ```rhai
/// try { assert(false); } catch (e) { assert_eq(e.line, 1); }
/// ```
#[native(namespace = "error", form = property)]
pub fn line(this: &Fault) -> i64 {
    this.at.as_ref().map_or(0, |at| at.line as i64)
}

/// The file where the error occurred; empty where it is unknown.
///
/// ```rhai
/// try { assert(false); } catch (e) { assert(e.file != ""); }
/// ```
#[native(namespace = "error", form = property)]
pub fn file(this: &Fault) -> String {
    this.at.as_ref().map_or(String::new(), |at| at.file.clone())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![kind, message, hint, line, file,]
}
