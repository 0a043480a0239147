//! Volumes and claims.
//! Real: pkg/apis/core/validation/validation.go @ v1.37.2.

use super::super::field::{FieldErrors, Path, duplicate, forbidden, invalid, not_supported, required};
use super::names::{self, each};
use super::{meta, require};
use crate::base::collections::Set;
use crate::base::quantity::Quantity;
use crate::model::*;

/// Checks the volumes of a pod; gives back the names of the sound ones.
pub fn volumes<'a>(volumes: &'a [Volume], path: &Path, errors: &mut FieldErrors) -> Set<&'a str> {
    let mut known: Set<&str> = Set::default();
    for (index, volume) in volumes.iter().enumerate() {
        let at = path.index(index);
        let before = errors.len();
        source(volume, &at, errors);
        if require(&volume.name, &at.child("name"), errors) {
            each(names::dns_label(&volume.name), &volume.name, &at.child("name"), errors);
        }
        if known.contains(&*volume.name) {
            errors.push(duplicate(&at.child("name"), &volume.name));
        }
        if errors.len() == before {
            known.insert(&volume.name);
        }
    }
    known
}

fn source(volume: &Volume, path: &Path, errors: &mut FieldErrors) {
    let kinds = [
        ("emptyDir", volume.empty_dir.is_some()),
        ("hostPath", volume.host_path.is_some()),
        ("gcePersistentDisk", volume.gce_persistent_disk.is_some()),
        ("awsElasticBlockStore", volume.aws_elastic_block_store.is_some()),
        ("secret", volume.secret.is_some()),
        ("nfs", volume.nfs.is_some()),
        ("iscsi", volume.iscsi.is_some()),
        ("persistentVolumeClaim", volume.persistent_volume_claim.is_some()),
        ("rbd", volume.rbd.is_some()),
        ("downwardAPI", volume.downward_api.is_some()),
        ("configMap", volume.config_map.is_some()),
        ("azureDisk", volume.azure_disk.is_some()),
        ("projected", volume.projected.is_some()),
        ("csi", volume.csi.is_some()),
        ("ephemeral", volume.ephemeral.is_some()),
        ("image", volume.image.is_some()),
    ];
    let mut set = kinds.iter().filter(|(_, set)| *set);
    if set.next().is_none() && volume.rest.is_empty() {
        errors.push(required(path, "must specify a volume type"));
    }
    set.for_each(|(name, _)| errors.push(forbidden(&path.child(name), "may not specify more than 1 volume type")));
    if volume.empty_dir.as_ref().and_then(|dir| dir.size_limit).is_some_and(|limit| limit < Quantity::ZERO) {
        let path = path.child("emptyDir");
        errors.push(forbidden(&path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity"));
    }
    let texts = [
        ("hostPath", "path", volume.host_path.as_ref().map(|source| &source.path)),
        ("secret", "secretName", volume.secret.as_ref().map(|source| &source.secret_name)),
        ("configMap", "name", volume.config_map.as_ref().map(|source| &source.name)),
        ("persistentVolumeClaim", "claimName", volume.persistent_volume_claim.as_ref().map(|source| &source.claim_name)),
        ("csi", "driver", volume.csi.as_ref().map(|source| &source.driver)),
    ];
    for (kind, field, value) in texts {
        if let Some(value) = value {
            require(value, &path.child(kind).child(field), errors);
        }
    }
    let modes = [
        ("secret", volume.secret.as_ref().and_then(|source| source.default_mode)),
        ("configMap", volume.config_map.as_ref().and_then(|source| source.default_mode)),
        ("downwardAPI", volume.downward_api.as_ref().and_then(|source| source.default_mode)),
        ("projected", volume.projected.as_ref().and_then(|source| source.default_mode)),
    ];
    for (kind, mode) in modes {
        if let Some(mode) = mode.filter(|mode| !(0..=0o777).contains(mode)) {
            let text = "must be a number between 0 and 0777 (octal), both inclusive";
            errors.push(invalid(&path.child(kind).child("defaultMode"), &mode, text));
        }
    }
}

/// Checks a claim, and against its former state.
pub fn claim(claim: &PersistentVolumeClaim, old: Option<&PersistentVolumeClaim>, errors: &mut FieldErrors) {
    const SPEC: Path = Path::new("spec");
    claim_spec(&claim.spec, &SPEC, errors);
    let Some(old) = old else { return };
    let bound = old.status.phase == "Bound";
    let mut munged = (*claim.spec).clone();
    if old.spec.volume_name.is_empty() {
        munged.volume_name.clear();
    }
    if old.spec.storage_class_name.is_none() {
        munged.storage_class_name = None;
    }
    if bound {
        munged.resources.requests = old.spec.resources.requests.clone();
        munged.volume_attributes_class_name = old.spec.volume_attributes_class_name.clone();
    }
    if munged != *old.spec {
        let text = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n";
        errors.push(forbidden(&SPEC, text));
    }
    let size = |list: &ResourceList| list.get("storage").copied().unwrap_or(Quantity::ZERO);
    let new_size = size(&claim.spec.resources.requests);
    if new_size < size(&old.spec.resources.requests) && new_size <= size(&old.status.capacity) {
        let path = SPEC.child("resources");
        let path = path.child("requests");
        errors.push(forbidden(&path.child("storage"), "field can not be less than status.capacity"));
    }
}

/// Checks the spec of a claim or of a template of claims.
pub fn claim_spec(spec: &PersistentVolumeClaimSpec, path: &Path, errors: &mut FieldErrors) {
    const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    let modes = path.child("accessModes");
    if spec.access_modes.is_empty() {
        errors.push(required(&modes, "at least 1 access mode is required"));
    }
    if let Some(selector) = &spec.selector {
        meta::selector(selector, &path.child("selector"), errors);
    }
    for mode in spec.access_modes.iter().filter(|mode| !MODES.contains(&mode.as_str())) {
        errors.push(not_supported(&modes, mode, &MODES));
    }
    if spec.access_modes.len() > 1 && spec.access_modes.iter().any(|mode| mode == "ReadWriteOncePod") {
        errors.push(forbidden(&modes, "may not use ReadWriteOncePod with other access modes"));
    }
    let resources = path.child("resources");
    match spec.resources.requests.get("storage") {
        None => errors.push(required(&resources.key("storage"), "")),
        Some(amount) if *amount <= Quantity::ZERO => {
            errors.push(invalid(&resources.key("storage"), &amount.to_string(), "must be greater than zero"));
        }
        Some(_) => {}
    }
    if let Some(class) = spec.storage_class_name.as_deref().filter(|class| !class.is_empty()) {
        each(names::dns_subdomain(class), class, &path.child("storageClassName"), errors);
    }
    if let Some(mode) = spec.volume_mode.as_deref().filter(|mode| !matches!(*mode, "Block" | "Filesystem")) {
        errors.push(not_supported(&path.child("volumeMode"), mode, &["Block", "Filesystem"]));
    }
}
