#include "io/object/store_url.h"

#include <doctest/doctest.h>

#include "base/testing/temp_folder.h"
#include "io/object/exchange.h"
#include "io/object/spool.h"

namespace millrace::io {

TEST_CASE("URLs fall into bucket and key") {
  CHECK(IsUrl("s3://b/k"));
  CHECK_FALSE(IsUrl("data/a.csv"));
  CHECK_FALSE(IsUrl("://x"));
  CHECK_FALSE(IsUrl("a b://x"));
  CHECK_FALSE(IsUrl("C:/x"));
  const StoreUrl s3 = ParseStoreUrl("s3://bucket/a/b c.csv").ValueOrDie();
  CHECK(s3.kind == StoreKind::kS3);
  CHECK(s3.bucket == "bucket");
  CHECK(s3.key == "a/b c.csv");
  CHECK(ParseStoreUrl("s3://bucket").ValueOrDie().key == "");
  CHECK(ParseStoreUrl("s3://bucket/a/").ValueOrDie().key == "a");
  const StoreUrl azure = ParseStoreUrl("abfs://box@account.dfs.core.windows.net/a/b").ValueOrDie();
  CHECK(azure.kind == StoreKind::kAzure);
  CHECK(azure.bucket == "box");
  CHECK(azure.account == "account");
  CHECK(azure.key == "a/b");
  CHECK(ParseStoreUrl("gs://b/k").ValueOrDie().kind == StoreKind::kGcs);
  const StoreUrl web = ParseStoreUrl("https://Host:8443/a/b.csv?x=1").ValueOrDie();
  CHECK(web.bucket == "https://host:8443");
  CHECK(web.key == "a/b.csv");
  CHECK(web.query == "x=1");
  for (const char* bad : {"ftp://h/x", "s3://", "s3:///k", "s3://key:secret@b/k"}) {
    const Status status = ParseStoreUrl(bad).status();
    CHECK(KindOf(status) == ErrorKind::kUser);
    CHECK(status.message().find("secret") == std::string::npos);
  }
}

TEST_CASE("the longest entry that ends at a folder holds for a URL") {
  StorageOptions options;
  for (const char* url : {"s3://", "s3://b", "s3://b/deep", "https://h/"}) {
    options.entries.emplace_back();
    options.entries.back().url = options.entries.back().name = url;
  }
  CHECK(EntryFor(options, "s3://b/x").name == "s3://b");
  CHECK(EntryFor(options, "s3://b").name == "s3://b");
  CHECK(EntryFor(options, "s3://bb/x").name == "s3://");
  CHECK(EntryFor(options, "s3://b/deep/x").name == "s3://b/deep");
  CHECK(EntryFor(options, "s3://b/deeper/x").name == "s3://b");
  CHECK(EntryFor(options, "https://h/x").name == "https://h/");
  CHECK(EntryFor(options, "gs://b").name == "");
}

TEST_CASE("times and lengths of answers") {
  CHECK(ParseTime("Thu, 01 Jan 1970 00:00:01 GMT") == 1'000'000'000);
  CHECK(ParseTime("1970-01-01T00:00:02.5Z") == 2'500'000'000);
  CHECK(ParseTime("yesterday") == 0);
  CHECK(ParseLength(nullptr) == -1);
  const std::string bad = "12x", good = "12";
  CHECK(ParseLength(&bad) == -1);
  CHECK(ParseLength(&good) == 12);
  CHECK(Unquoted("\"a\"") == "a");
  CHECK(Unquoted("W/\"a\"") == "W/\"a\"");
  CHECK(EncodedKey("a b/\xC3\xA9?") == "/a%20b/%C3%A9%3F");
}

TEST_CASE("a spool gives back what was written, from memory and from disk") {
  const TempFolder folder;
  Spool spool(folder.path() + "/new/scratch");
  std::string all;
  for (int i = 0; i < 500; ++i) {
    const std::string piece(static_cast<size_t>(i * 37 % 20'000), static_cast<char>('a' + i % 26));
    REQUIRE(spool.Write(piece).ok());
    all += piece;
  }
  REQUIRE(all.size() > (2 << 20));
  CHECK(spool.bytes() == static_cast<int64_t>(all.size()));
  for (const int64_t at : {int64_t{0}, int64_t{1} << 20, spool.bytes() - 3, spool.bytes()}) {
    CHECK(spool.Read(at, 1'500'000).ValueOrDie() == all.substr(static_cast<size_t>(at), 1'500'000));
  }
}

}  // namespace millrace::io
