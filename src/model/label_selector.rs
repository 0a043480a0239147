//! label_selector

use super::wire::{null, unset};
use super::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub match_labels: Labels,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelectorRequirement {
    #[serde(deserialize_with = "null")]
    pub key: String,
    #[serde(deserialize_with = "null")]
    pub operator: String,
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub values: Vec<String>,
}
