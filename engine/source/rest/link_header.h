// The Link header (RFC 8288), as far as it names the next page.
#pragma once

#include <string>

#include "io/http/transport.h"

namespace millrace::source::rest {

/// The target of the first link whose relations hold `next`; "" where there is none.
std::string NextLink(const io::http::Headers& headers);

}  // namespace millrace::source::rest
