#include "io/object/range_file.h"

#include <arrow/buffer.h>
#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace millrace::io {
namespace {

std::string Letters(size_t bytes) {
  std::string text(bytes, ' ');
  for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 31) % 26);
  return text;
}

struct Server {
  std::string content;
  std::mutex mutex;
  std::vector<int64_t> asked;  // offsets
  std::atomic<int> active{0}, most{0};
  int64_t fail_at = -1;

  FetchRange Fetch() {
    return [this](int64_t offset, int64_t bytes) -> Result<std::string> {
      const int now = ++active;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      {
        std::lock_guard<std::mutex> lock(mutex);
        asked.push_back(offset);
      }
      std::this_thread::yield();
      --active;
      if (offset == fail_at) return MakeError(ErrorCode::kIoFailed, "gone");
      return content.substr(static_cast<size_t>(offset), static_cast<size_t>(bytes));
    };
  }
};

}  // namespace

TEST_CASE("any reads give the file's bytes") {
  const uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (const size_t size : {0, 1, 9, 10, 11, 99, 1000}) {
    Server server;
    server.content = Letters(size);
    const auto file = MakeRangeFile(server.Fetch(), static_cast<int64_t>(size), {10, 3});
    CHECK(file->GetSize().ValueOrDie() == static_cast<int64_t>(size));
    for (int i = 0; i < 100; ++i) {
      const auto at = static_cast<int64_t>(random() % (size + 20));
      const auto bytes = static_cast<int64_t>(random() % 200);
      const auto got = file->ReadAt(at, bytes).ValueOrDie()->ToString();
      const std::string expected =
          at < static_cast<int64_t>(size)
              ? server.content.substr(static_cast<size_t>(at), static_cast<size_t>(bytes))
              : "";
      CHECK(got == expected);
    }
  }
}

TEST_CASE("a sequential reader asks for every block once, with a bounded number ahead") {
  Server server;
  server.content = Letters(1005);
  const auto file = MakeRangeFile(server.Fetch(), 1005, {10, 3});
  std::string all;
  for (std::string piece(7, ' ');;) {
    const int64_t got = file->Read(7, piece.data()).ValueOrDie();
    if (got == 0) break;
    all.append(piece.data(), static_cast<size_t>(got));
  }
  CHECK(all == server.content);
  CHECK(server.asked.size() == 101);
  CHECK(server.most <= 4);
}

TEST_CASE("a reader that jumps gets nothing ahead, and several may read at once") {
  Server server;
  server.content = Letters(10'000);
  const auto file = MakeRangeFile(server.Fetch(), 10'000, {10, 3});
  for (const int64_t at : {9000, 50, 5000, 200}) CHECK(file->ReadAt(at, 5).ok());
  CHECK(server.asked.size() == 4);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t at = t; at < 9'900; at += 37) {
        const auto got = file->ReadAt(at, 31).ValueOrDie()->ToString();
        wrong += got != server.content.substr(static_cast<size_t>(at), 31);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("an error comes where its block is read, and a short range is one") {
  Server server;
  server.content = Letters(100);
  server.fail_at = 30;
  const auto file = MakeRangeFile(server.Fetch(), 100, {10, 3});
  CHECK(file->ReadAt(0, 30).ok());
  CHECK(CodeOf(file->ReadAt(25, 10).status()) == ErrorCode::kIoFailed);
  const auto longer = MakeRangeFile(server.Fetch(), 108, {10, 3});
  CHECK(CodeOf(longer->ReadAt(100, 8).status()) == ErrorCode::kIoFailed);
}

TEST_CASE("a look elsewhere is a range of its own and leaves a sequential reader what it has") {
  Server server;
  server.content = Letters(1000);
  RangeFileOptions options{100, 2};
  options.glance_bytes_max = 20;
  options.glances_max = 2;
  const auto file = MakeRangeFile(server.Fetch(), 1000, options);
  const auto text = [&](int64_t at, int64_t bytes) {
    const std::string got = file->ReadAt(at, bytes).ValueOrDie()->ToString();
    CHECK(got == server.content.substr(static_cast<size_t>(at), static_cast<size_t>(bytes)));
  };
  text(0, 50);
  CHECK(server.asked == std::vector<int64_t>{0});
  text(510, 20);
  text(995, 5);
  CHECK(server.asked == std::vector<int64_t>{0, 510, 995});
  text(50, 50);  // of the block that is held
  CHECK(server.asked.size() == 3);
  text(710, 20);  // one too many: a block
  CHECK(server.asked.back() == 700);
  text(720, 20);
  CHECK(server.asked.size() == 4);
  server.content.resize(990);  // a range that comes back too short
  const auto cut = MakeRangeFile(server.Fetch(), 1000, options);
  CHECK_FALSE(cut->ReadAt(980, 20).ok());
}

}  // namespace millrace::io
