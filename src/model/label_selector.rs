//! LabelSelector as it stands in the API. The matching is in `selector`.
//! Real: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go @ v1.37.2.

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};

/// Selects objects by their labels. See `Selector` for matching.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Pairs that must all be there.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub match_labels: Labels,
    /// Demands on keys and their values.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// A demand on one label: `In`, `NotIn`, `Exists`, `DoesNotExist`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelectorRequirement {
    /// Key that this is about.
    #[serde(deserialize_with = "null")]
    pub key: String,
    /// How the values are compared.
    #[serde(deserialize_with = "null")]
    pub operator: String,
    /// Values to compare with.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub values: Vec<String>,
}
