//! What the API server answers when it does not do what was asked: a Status with code, reason, message and details.
//! Real: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go @ v1.37.2.

use super::field::{FieldErrors, quoted};
use serde::Serialize;
use std::fmt;

/// What is said when nothing listens.
const REFUSED: &str = "dial tcp 10.96.0.1:443: connect: connection refused";

/// The reason of a refusal, by which clients decide what to do next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[allow(missing_docs)]
pub enum Reason {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    AlreadyExists,
    Conflict,
    Gone,
    Expired,
    Invalid,
    TooManyRequests,
    RequestEntityTooLarge,
    UnsupportedMediaType,
    InternalError,
    /// None given: the status code says it all.
    Unknown,
    ServerTimeout,
    ServiceUnavailable,
    Timeout,
}

impl Reason {
    /// The HTTP status code that goes with it.
    pub fn code(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::AlreadyExists | Self::Conflict => 409,
            Self::Gone | Self::Expired => 410,
            Self::RequestEntityTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::InternalError | Self::Unknown | Self::ServerTimeout => 500,
            Self::ServiceUnavailable => 503,
            Self::Timeout => 504,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::Unknown { Ok(()) } else { write!(f, "{self:?}") }
    }
}

/// One cause among several, usually one field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Cause {
    /// The kind of fault, such as `FieldValueInvalid` or `DisruptionBudget`.
    pub reason: String,
    /// The fault in words.
    pub message: String,
    /// The place, empty if none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

/// What the refusal is about.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// Name of the object.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// API group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The kind (for `Invalid`) or the resource.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Single causes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// When a retry makes sense; 0 if not said.
    #[serde(skip_serializing_if = "is_zero")]
    pub retry_after_seconds: u32,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// A refusal by the API server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiError {
    /// The reason; `reason.code()` is the HTTP status code.
    pub reason: Reason,
    /// The message, as clients see it in Events, conditions and on the terminal.
    pub message: String,
    /// What it is about.
    pub details: Option<Box<Details>>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

/// Group and resource (or kind) as written in messages: `deployments.apps`, `pods`, `Deployment.apps`.
/// `resource` is the bare plural or kind; `api_version` is as in manifests (`apps/v1`, `v1`).
pub fn qualified(resource: &str, api_version: &str) -> String {
    match api_version.split_once('/') {
        Some((group, _)) => format!("{resource}.{group}"),
        None => resource.to_string(),
    }
}

fn details(qualified: &str, name: &str) -> Details {
    let (kind, group) = qualified.split_once('.').unwrap_or((qualified, ""));
    Details { name: name.into(), group: group.into(), kind: kind.into(), ..Details::default() }
}

/// In all constructors `resource` is what [`qualified`] gives, such as `deployments.apps`.
impl ApiError {
    fn new(reason: Reason, message: String, details: Option<Details>) -> Self {
        ApiError { reason, message, details: details.map(Box::new) }
    }

    /// The HTTP status code.
    pub fn code(&self) -> u16 {
        self.reason.code()
    }

    /// No such object.
    pub fn not_found(resource: &str, name: &str) -> Self {
        Self::new(Reason::NotFound, format!("{resource} {} not found", quoted(name)), Some(details(resource, name)))
    }

    /// An object of that name is there already.
    pub fn already_exists(resource: &str, name: &str) -> Self {
        Self::new(Reason::AlreadyExists, format!("{resource} {} already exists", quoted(name)), Some(details(resource, name)))
    }

    /// No free name was found for `generateName`.
    pub fn generate_name_conflict(resource: &str, name: &str) -> Self {
        let details = Details { retry_after_seconds: 1, ..details(resource, name) };
        let text = "already exists, the server was not able to generate a unique name for the object";
        Self::new(Reason::AlreadyExists, format!("{resource} {} {text}", quoted(name)), Some(details))
    }

    /// The operation does not fit the present state of the object, for a cause of any wording.
    pub fn conflict(resource: &str, name: &str, cause: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} {}: {cause}", quoted(name));
        Self::new(Reason::Conflict, message, Some(details(resource, name)))
    }

    /// The object was written by somebody else since it was read.
    pub fn modified(resource: &str, name: &str) -> Self {
        Self::conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again")
    }

    /// A precondition on the uid failed.
    pub fn uid_precondition(resource: &str, name: &str, wanted: &str, found: &str) -> Self {
        let cause = format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}");
        Self::conflict(resource, name, &cause)
    }

    /// Not allowed by an admission plugin or the state of things.
    pub fn forbidden(resource: &str, name: &str, cause: &str) -> Self {
        let message = match (resource, name) {
            ("", _) => format!("forbidden: {cause}"),
            (_, "") => format!("{resource} is forbidden: {cause}"),
            _ => format!("{resource} {} is forbidden: {cause}", quoted(name)),
        };
        Self::new(Reason::Forbidden, message, Some(details(resource, name)))
    }

    /// Not allowed, because the namespace is being ended.
    pub fn namespace_terminating(resource: &str, name: &str, namespace: &str) -> Self {
        let cause = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let mut error = Self::forbidden(resource, name, &cause);
        if let Some(details) = &mut error.details {
            let message = format!("namespace {namespace} is being terminated");
            details.causes.push(Cause { reason: "NamespaceTerminating".into(), message, field: "metadata.namespace".into() });
        }
        error
    }

    /// The object is not valid. `kind` is qualified as in `Deployment.apps`.
    pub fn invalid(kind: &str, name: &str, errors: FieldErrors) -> Self {
        let mut message = format!("{kind} {} is invalid", quoted(name));
        let mut texts: Vec<String> = Vec::new();
        for error in &errors {
            let text = error.to_string();
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        match &texts[..] {
            [] => {}
            [one] => message.push_str(&format!(": {one}")),
            many => message.push_str(&format!(": [{}]", many.join(", "))),
        }
        let cause =
            |error: super::field::FieldError| Cause { reason: error.reason.cause().into(), message: error.body, field: error.field };
        let details = Details { causes: errors.into_iter().map(cause).collect(), ..details(kind, name) };
        Self::new(Reason::Invalid, message, Some(details))
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Reason::BadRequest, message.into(), None)
    }

    /// A strategic merge patch of a custom kind.
    pub fn unsupported_patch() -> Self {
        let types = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, application/apply-patch+cbor";
        let message = format!("the body of the request was in an unknown format - accepted media types include: {types}");
        Self::new(Reason::UnsupportedMediaType, message, None)
    }

    /// The request does, but not on this kind.
    pub fn method_not_supported(resource: &str, action: &str) -> Self {
        let message = format!("{action} is not supported on resources of kind {}", quoted(resource));
        Self::new(Reason::MethodNotAllowed, message, Some(details(resource, "")))
    }

    /// Come back later: priority and fairness, or an eviction that a budget does not allow now.
    pub fn too_many_requests(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        Self::new(Reason::TooManyRequests, message.into(), Some(Details { retry_after_seconds, ..Details::default() }))
    }

    /// The version asked for is no longer kept (a watch that fell off).
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(Reason::Expired, message.into(), None)
    }

    /// A watch from a version that the log no longer has.
    pub fn too_old_resource_version(wanted: u64, oldest: u64) -> Self {
        Self::expired(format!("too old resource version: {wanted} ({oldest})"))
    }

    /// Gone for good.
    pub fn gone(message: impl Into<String>) -> Self {
        Self::new(Reason::Gone, message.into(), None)
    }

    /// Something inside the server failed.
    pub fn internal(cause: &str) -> Self {
        let causes = vec![Cause { reason: String::new(), message: cause.into(), field: String::new() }];
        Self::new(Reason::InternalError, format!("Internal error occurred: {cause}"), Some(Details { causes, ..Details::default() }))
    }

    /// Something failed, and no reason is given.
    pub fn without_reason(message: &str) -> Self {
        Self::new(Reason::Unknown, message.into(), None)
    }

    /// There is no server: what the client's dialer says.
    pub fn unreachable() -> Self {
        Self::without_reason(REFUSED)
    }

    /// The server is not there or not ready.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Reason::ServiceUnavailable, message.into(), None)
    }

    /// No answer in time; the operation may yet be done.
    pub fn timeout(message: &str, retry_after_seconds: u32) -> Self {
        let details = Details { retry_after_seconds, ..Details::default() };
        Self::new(Reason::Timeout, format!("Timeout: {message}"), Some(details))
    }

    /// The operation could not be done in time and should be tried again.
    pub fn server_timeout(resource: &str, operation: &str, retry_after_seconds: u32) -> Self {
        let details = Details { retry_after_seconds, ..details(resource, operation) };
        let message = format!("The {operation} operation against {resource} could not be completed at this time, please try again.");
        Self::new(Reason::ServerTimeout, message, Some(details))
    }

    /// The eviction that a PodDisruptionBudget does not allow now. `cause` is the sentence about the budget.
    pub fn disruption_budget(cause: &str) -> Self {
        let text = "Cannot evict pod as it would violate the pod's disruption budget.";
        let causes = vec![Cause { reason: "DisruptionBudget".into(), message: cause.into(), field: String::new() }];
        Self::new(Reason::TooManyRequests, text.into(), Some(Details { causes, ..Details::default() }))
    }

    /// What `kubectl` prints on its standard error for this refusal.
    /// Real: staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go @ v1.37.2.
    pub fn kubectl_text(&self) -> String {
        if self.message == REFUSED {
            return "The connection to the server 10.96.0.1:443 was refused - did you specify the right host or port?".into();
        }
        if self.reason != Reason::Invalid {
            let reason = if self.reason == Reason::Unknown { String::new() } else { format!(" ({})", self.reason) };
            return format!("Error from server{reason}: {}", self.message);
        }
        let Some(details) = &self.details else { return format!("The request is invalid: {}", self.message) };
        let head = match (details.kind.is_empty() && details.name.is_empty(), details.causes.is_empty()) {
            (false, _) => format!("The {} {} is invalid", details.kind, quoted(&details.name)),
            (true, true) if !self.message.is_empty() => format!("The request is invalid: {}", self.message),
            _ => "The request is invalid".to_string(),
        };
        let mut lines: Vec<String> = Vec::new();
        for cause in &details.causes {
            let line = format!("{}: {}", cause.field, cause.message);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        match &lines[..] {
            [] => head,
            [one] => format!("{head}: {one}"),
            many => many.iter().fold(format!("{head}: "), |text, line| text + "\n* " + line),
        }
    }

    /// The Status object that the API server sends.
    pub fn to_status(&self) -> serde_json::Value {
        let mut status = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason.to_string(), "code": self.code(),
        });
        if let Some(details) = &self.details {
            status["details"] = serde_json::to_value(details).expect("details are plain data");
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use super::super::field::{self, Path};
    use super::*;

    #[test]
    fn messages_are_the_api_servers() {
        let rows = [
            (ApiError::not_found(&qualified("deployments", "apps/v1"), "web"), 404, "deployments.apps \"web\" not found"),
            (ApiError::already_exists(&qualified("pods", "v1"), "a"), 409, "pods \"a\" already exists"),
            (ApiError::forbidden("pods", "a", "no"), 403, "pods \"a\" is forbidden: no"),
            (ApiError::forbidden("pods", "", "no"), 403, "pods is forbidden: no"),
            (ApiError::too_old_resource_version(3, 7), 410, "too old resource version: 3 (7)"),
            (ApiError::internal("x"), 500, "Internal error occurred: x"),
            (ApiError::timeout("slow", 1), 504, "Timeout: slow"),
            (ApiError::bad_request("what?"), 400, "what?"),
            (ApiError::gone("away"), 410, "away"),
            (
                ApiError::unsupported_patch(),
                415,
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, \
                 application/merge-patch+json, application/apply-patch+yaml, application/apply-patch+cbor",
            ),
            (ApiError::unavailable("down"), 503, "down"),
            (ApiError::method_not_supported("pods", "scale"), 405, "scale is not supported on resources of kind \"pods\""),
            (ApiError::too_many_requests("later", 1), 429, "later"),
            (
                ApiError::modified("deployments.apps", "web"),
                409,
                "Operation cannot be fulfilled on deployments.apps \"web\": the object has been modified; please apply your changes to \
                 the latest version and try again",
            ),
            (
                ApiError::uid_precondition("pods", "a", "u1", "u2"),
                409,
                "Operation cannot be fulfilled on pods \"a\": Precondition failed: UID in precondition: u1, UID in object meta: u2",
            ),
            (
                ApiError::namespace_terminating("pods", "a", "n"),
                403,
                "pods \"a\" is forbidden: unable to create new content in namespace n because it is being terminated",
            ),
            (
                ApiError::generate_name_conflict("pods", "a"),
                409,
                "pods \"a\" already exists, the server was not able to generate a unique name for the object",
            ),
            (
                ApiError::server_timeout("pods", "create", 1),
                500,
                "The create operation against pods could not be completed at this time, please try again.",
            ),
            (ApiError::disruption_budget("x"), 429, "Cannot evict pod as it would violate the pod's disruption budget."),
        ];
        for (error, code, message) in rows {
            assert_eq!((error.code(), error.to_string()), (code, message.to_string()));
        }
    }

    #[test]
    fn an_invalid_object_lists_its_causes() {
        let spec = Path::new("spec");
        let one = field::invalid(&spec.child("replicas"), &-1, "must be greater than or equal to 0");
        let two = field::required(&spec.child("selector"), "");
        let error = ApiError::invalid("Deployment.apps", "web", vec![one.clone()]);
        let line = "spec.replicas: Invalid value: -1: must be greater than or equal to 0";
        assert_eq!(error.message, format!("Deployment.apps \"web\" is invalid: {line}"));
        assert_eq!(error.kubectl_text(), format!("The Deployment \"web\" is invalid: {line}"));
        let error = ApiError::invalid("Deployment.apps", "web", vec![one.clone(), two, one]);
        assert_eq!(error.message, format!("Deployment.apps \"web\" is invalid: [{line}, spec.selector: Required value]"));
        assert_eq!(error.kubectl_text(), format!("The Deployment \"web\" is invalid: \n* {line}\n* spec.selector: Required value"));
        let status = error.to_status();
        assert_eq!(status["details"]["group"], "apps");
        assert_eq!(status["details"]["causes"][1]["reason"], "FieldValueRequired");
        assert_eq!(status["code"], 422);
    }
}
