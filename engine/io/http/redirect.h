// Redirects, followed by a loop of our own so that nothing that authenticates goes astray.
#pragma once

#include <functional>

#include "io/http/transport.h"

namespace millrace::io::http {

/// One exchange without following anything.
using Exchange = std::function<Result<Response>(const Request& request)>;

/// Sends the request and follows at most `redirects_max` redirects; more is an error that no retry
/// cures. To another host go neither `credentials`, nor Authorization or Cookie, nor a body: a
/// redirect that would take a body there is such an error too. 301, 302 and 303 turn a POST into a
/// GET, 307 and 308 leave it. With redirects_max 0 the redirect itself is the answer.
Result<Response> FollowRedirects(Request request, int redirects_max, const Exchange& exchange);

/// Leaves nothing that authenticates: for a request that is about to go to another host.
void StripCredentials(Request* request);

}  // namespace millrace::io::http
