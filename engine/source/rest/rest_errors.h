// Which of the engine's codes stand for what goes wrong with an API. What is wrong with a
// connection comes from io/http.
#pragma once

#include "base/error_codes.h"

namespace millrace::source::rest {

/// An answer is not the page it should be, or pages lead in a circle.
inline constexpr ErrorCode kBadPage = ErrorCode::kCorruptFile;
/// The pages hold more or fewer records than the API says: the data changed meanwhile, or the
/// paging loses some. Fetching anew may cure it.
inline constexpr ErrorCode kTotalMismatch = ErrorCode::kFileChanged;
/// There are more pages than the config allows.
inline constexpr ErrorCode kTooManyPages = ErrorCode::kBadValue;
/// The API refused; as io::http::RequestFailed has it.
inline constexpr ErrorCode kBadAnswer = ErrorCode::kUnreadablePath;
/// A source has no such snapshot.
inline constexpr ErrorCode kUnknownSnapshot = ErrorCode::kUnreadablePath;

}  // namespace millrace::source::rest
