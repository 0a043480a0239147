//! Whether an eviction may be: the PodDisruptionBudgets have their say.
//! Real: pkg/registry/core/pod/storage/eviction.go @ v1.37.2.

use super::ApiError;
use super::request::DeleteOptions;
use super::server::{Server, present};
use crate::base::Time;
use crate::store::{Key, Store};

/// Refuses the eviction, or takes note of it in the budget.
pub(super) fn admit(_server: &mut Server, store: &mut Store, _at: Time, target: &Key, _options: &DeleteOptions) -> Result<(), ApiError> {
    present(store, target).map(|_| ())
}
