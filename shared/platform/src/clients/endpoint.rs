//! The address of a service, worked out once.
//!
//! The SDK goes through its endpoint rules at every call, regular expressions over the region's name among them. Region
//! and endpoint of a client do not change while a function lives, so that the rules say the same each time.

use std::sync::OnceLock;

/// A resolver for one service's SDK crate: the first answer of its rules, for as long as they are asked the same.
macro_rules! resolved_once {
    ($name:ident, $sdk:ident) => {
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            rules: $sdk::config::endpoint::DefaultResolver,
            first: OnceLock<(
                $sdk::config::endpoint::Params,
                $sdk::config::endpoint::Endpoint,
            )>,
        }

        impl $sdk::config::endpoint::ResolveEndpoint for $name {
            fn resolve_endpoint<'a>(
                &'a self,
                asked: &'a $sdk::config::endpoint::Params,
            ) -> $sdk::config::endpoint::EndpointFuture<'a> {
                use $sdk::config::endpoint::{EndpointFuture, ResolveEndpoint};
                if let Some((known, endpoint)) = self.first.get()
                    && known == asked
                {
                    return EndpointFuture::ready(Ok(endpoint.clone()));
                }
                EndpointFuture::new(async move {
                    let endpoint = ResolveEndpoint::resolve_endpoint(&self.rules, asked).await?;
                    let _first_stays = self.first.set((asked.clone(), endpoint.clone()));
                    Ok(endpoint)
                })
            }
        }
    };
}

resolved_once!(DynamoDbEndpoint, aws_sdk_dynamodb);
resolved_once!(SqsEndpoint, aws_sdk_sqs);

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};

    use super::DynamoDbEndpoint;

    #[tokio::test]
    async fn every_question_is_answered_as_the_rules_answer_it_also_a_second_time() {
        let kept = DynamoDbEndpoint::default();
        let rules = DefaultResolver::new();
        for region in [
            "eu-central-1",
            "cn-north-1",
            "eu-central-1",
            "us-gov-west-1",
        ] {
            let asked = Params::builder().region(region).build().unwrap();
            assert_eq!(
                kept.resolve_endpoint(&asked).await.unwrap(),
                rules.resolve_endpoint(&asked).await.unwrap(),
                "{region}"
            );
        }
    }
}
