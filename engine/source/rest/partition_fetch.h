// The pages of one partition, one after the other. Internal to this folder.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "source/rest/fetch.h"
#include "source/rest/journal.h"
#include "source/rest/paginator.h"
#include "source/rest/places.h"

namespace millrace::source::rest {

struct PartitionTask {
  std::string key;  // PartitionKey
  Places places;
  bool of_parent = false;
  Pairs carried;           // names and values as JSON text
  Pairs params;            // of every request that is made of the endpoint's own URL
  Pairs body;              // likewise: as PageStep::body
  int64_t first_page = 1;  // behind the pages of an earlier snapshot
};

class PartitionFetch {
 public:
  PartitionFetch(const RestSource& source, const Endpoint& endpoint, PartitionTask task,
                 const FetchContext& context, Journal& journal);

  /// Every page of the partition, those of an earlier attempt first.
  Result<std::vector<PageRecord>> Run();

 private:
  struct Judged {
    ResponseAction action = ResponseAction::kSuccess;
    std::string why;
  };

  Status Replay(const std::vector<PageRecord>& recorded);
  Status FetchOne(const PageStep& step);
  Result<io::http::Request> RequestFor(const PageStep& step) const;
  Status FillBody(const PageStep& step, io::http::Request* request) const;
  Judged Judge(const io::http::Response& response, const std::string& text) const;
  Status ReadAnswer(const io::http::Response& response, PageRecord* page);
  Status ReadPage(const io::http::Response& response, const std::string& text, PageRecord* page);
  Result<std::optional<int64_t>> TotalIn(const std::string& text) const;
  int64_t NextNumber() const { return task_.first_page + static_cast<int64_t>(pages_.size()); }
  Status GuardStep(const PageStep& step);
  Status GuardContent(const PageRecord& page);
  void Count(const PageRecord& page);
  Status CheckTotals() const;
  Status About(const Status& status) const;

  struct Chain {
    int64_t records = 0;
    std::optional<int64_t> total;
    std::map<std::string, int64_t> contents;  // of pages with records: ContentSha256 -> page
  };

  const RestSource& source_;
  const Endpoint& endpoint_;
  const FormatOptions format_;
  const PartitionTask task_;
  const FetchContext& context_;
  Journal& journal_;
  const std::unique_ptr<Paginator> paginator_;
  std::vector<PageRecord> pages_;
  std::map<std::string, int64_t> asked_;  // step -> page
  std::map<std::string, Chain> chains_;
};

}  // namespace millrace::source::rest
