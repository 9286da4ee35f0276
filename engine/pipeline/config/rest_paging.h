// `paginate` of a rest source: its fields, and the paging they mean.
#pragma once

#include <string>
#include <vector>

#include "pipeline/config/fields.h"
#include "pipeline/config/rest_paths.h"
#include "source/rest/rest_source.h"

namespace millrace::pipeline {

/// The field `in`: whether parameters go into the query or into the body.
Field InField();
const ObjectSpec& PagingSpec();

/// The endpoint that is paged through.
struct PagedEndpoint {
  std::string method;
  std::string body;  // as a partition would have it
  std::string format_name;
  source::rest::PageFormat format = source::rest::PageFormat::kJson;
  bool has_total = false;
};

source::rest::Paging BuildPaging(const ConfigValue& paginate, const PagedEndpoint& endpoint,
                                 ConfigProblems* problems);

/// Whether the parameters of `value` go into the body. Checks that the endpoint's body can take
/// those that the fields `keys` name.
bool GoesIntoBody(const ConfigValue& value, const PagedEndpoint& endpoint,
                  const std::vector<const char*>& keys, RestPaths* paths);

}  // namespace millrace::pipeline
