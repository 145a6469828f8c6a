//! What can go wrong with the table.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;

/// A call that failed, or an item that cannot be read. Neither means that something does not exist.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service refused or could not be reached. Worth another try.
    #[error("DynamoDB did not carry out {operation} ({code})")]
    Call {
        /// The operation.
        operation: &'static str,
        /// The service's code, or `unreachable`.
        code: String,
        /// What the SDK says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An item is not as this version of Leadline writes it. Another try will not help.
    #[error("an item of kind {kind} cannot be read: {problem}")]
    Corrupt {
        /// Kind of item.
        kind: &'static str,
        /// What is wrong, without the item's content.
        problem: &'static str,
    },
    /// Something is too large to be stored.
    #[error("{what} is too large to be stored: {bytes} bytes")]
    TooLarge {
        /// What.
        what: &'static str,
        /// Its size.
        bytes: usize,
    },
}

impl Error {
    pub(crate) fn call<E, R>(
        operation: &'static str,
        error: aws_sdk_dynamodb::error::SdkError<E, R>,
    ) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let code = error
            .as_service_error()
            .and_then(ProvideErrorMetadata::code)
            .unwrap_or("unreachable")
            .to_owned();
        Self::Call {
            operation,
            code,
            source: Box::new(error),
        }
    }
}
