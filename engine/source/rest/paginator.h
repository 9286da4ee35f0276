// How the pages of an endpoint follow one another. A paginator is pure: from the step that was
// asked for and the answer it says the next step, or that there is none. So a fetch that was killed
// goes on from its journal as if nothing had happened.
//
// No rule loses a page: a page with fewer records than asked for ends nothing unless the config
// says so. Each class says what ends it.
//
// Thread-safety: immutable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/http/transport.h"
#include "source/rest/rest_source.h"

namespace millrace::source::rest {

/// What sets one request of an endpoint apart from its others. All that a paginator needs to
/// remember stands in it.
struct PageStep {
  std::string url;  // "": the endpoint's own; else absolute, and `params` are in it already
  Pairs params;     // take the place of the endpoint's
  Pairs body;       // places in the request's JSON body, and the JSON that stands there
  bool operator==(const PageStep&) const = default;
};

/// What a paginator may look at.
struct PageFacts {
  std::string_view body;  // decompressed
  const io::http::Headers* headers = nullptr;
  std::string url;  // that answered
  int64_t records = 0;
  std::string_view last_record;  // JSON; empty where there is none
  std::optional<int64_t> total;  // what the API says
  int64_t records_so_far = 0;    // of the chain, this page's included
};

class Paginator {
 public:
  virtual ~Paginator() = default;
  virtual PageStep First() const = 0;
  /// The step behind `asked`, or none at the end. BadPage when the answer does not say what it
  /// must.
  virtual Result<std::optional<PageStep>> Next(const PageStep& asked,
                                               const PageFacts& page) const = 0;
  /// The step behind an answer that by a rule of the config holds nothing: it ends a chain.
  virtual Result<std::optional<PageStep>> AfterNothing(const PageStep&) const {
    return std::nullopt;
  }
  /// Steps with one name are one chain: within it totals count and no page may come twice.
  virtual std::string ChainOf(const PageStep&) const { return ""; }
};

std::unique_ptr<Paginator> MakePaginator(const Paging& paging);

}  // namespace millrace::source::rest
