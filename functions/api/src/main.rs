//! The Lambda function `api`: wires its handler to the platform.

use std::sync::Arc;

use api::Api;
use lambda_http::{Request, run, service_fn};
