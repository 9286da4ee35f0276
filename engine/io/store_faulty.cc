// A store that crashes where a test says so.
#include <arrow/io/interfaces.h>

#include <mutex>
#include <utility>

#include "io/store.h"

namespace millrace::io {
namespace {

/// Of an operation whose caller is dead and never learns how it went.
void Ignore(const Status&) {}

/// What the store and its files share: the plan, and whether the crash has come.
struct FaultState {
  FaultPlan plan;
  std::mutex mutex;
  Status crash;
  std::vector<std::unique_ptr<OutputFile>> litter;  // kept open: a dead process cleans up nothing

  Status Alive() {
    std::lock_guard<std::mutex> lock(mutex);
    return crash;
  }

  /// Runs an operation unless the process is dead, or dies in it: then `torn` runs with `tear`.
  template <typename Torn>
  Status Enter(std::string_view operation, const std::string& key, const Torn& torn) {
    std::lock_guard<std::mutex> lock(mutex);
    if (!crash.ok()) return crash;
    crash = plan.next_operation(operation, key);
    if (!crash.ok() && plan.tear) torn();
    return crash;
  }
};

class FaultyOutputFile : public OutputFile {
 public:
  FaultyOutputFile(std::shared_ptr<FaultState> state, std::unique_ptr<OutputFile> inner,
                   std::string near)
      : state_(std::move(state)), inner_(std::move(inner)), near_(std::move(near)) {}
  ~FaultyOutputFile() override {
    std::lock_guard<std::mutex> lock(state_->mutex);
    if (!state_->crash.ok()) state_->litter.push_back(std::move(inner_));
  }
  Status Write(std::string_view bytes) override {
    ARROW_RETURN_NOT_OK(state_->Enter(
        "write", near_, [&] { Ignore(inner_->Write(bytes.substr(0, bytes.size() / 2))); }));
    return inner_->Write(bytes);
  }
  Status Commit(const std::string& key) override {
    ARROW_RETURN_NOT_OK(state_->Enter("commit", key, [&] { Ignore(inner_->Commit(key)); }));
    return inner_->Commit(key);
  }
  Status CommitForNow(const std::string& key) override {
    ARROW_RETURN_NOT_OK(state_->Enter("commit", key, [&] { Ignore(inner_->CommitForNow(key)); }));
    return inner_->CommitForNow(key);
  }
  int64_t bytes_written() const override { return inner_->bytes_written(); }

 private:
  std::shared_ptr<FaultState> state_;
  std::unique_ptr<OutputFile> inner_;
  std::string near_;
};

class FaultyStore : public Store {
 public:
  FaultyStore(std::shared_ptr<Store> inner, FaultPlan plan) : inner_(std::move(inner)) {
    state_->plan = std::move(plan);
  }
  std::string Describe() const override { return inner_->Describe(); }
  Result<FileInfo> Stat(const std::string& key) override {
    ARROW_RETURN_NOT_OK(state_->Alive());
    return inner_->Stat(key);
  }
  Result<bool> Exists(const std::string& key) override {
    ARROW_RETURN_NOT_OK(state_->Alive());
    return inner_->Exists(key);
  }
  Result<std::vector<FileInfo>> List(const std::string& prefix) override {
    ARROW_RETURN_NOT_OK(state_->Alive());
    return inner_->List(prefix);
  }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(
      const std::string& key) override {
    ARROW_RETURN_NOT_OK(state_->Alive());
    return inner_->OpenForRead(key);
  }
  Result<std::string> ReadSmall(const std::string& key, int64_t bytes_max) override {
    ARROW_RETURN_NOT_OK(state_->Alive());
    return inner_->ReadSmall(key, bytes_max);
  }
  Result<std::unique_ptr<OutputFile>> Create(const std::string& near) override {
    ARROW_RETURN_NOT_OK(state_->Alive());
    ARROW_ASSIGN_OR_RAISE(auto file, inner_->Create(near));
    return std::make_unique<FaultyOutputFile>(state_, std::move(file), near);
  }
  Result<PutResult> PutIfAbsent(const std::string& key, std::string_view bytes) override {
    ARROW_RETURN_NOT_OK(
        state_->Enter("put", key, [&] { Ignore(inner_->PutIfAbsent(key, bytes).status()); }));
    return inner_->PutIfAbsent(key, bytes);
  }
  Status Replace(const std::string& key, std::string_view bytes) override {
    ARROW_RETURN_NOT_OK(
        state_->Enter("replace", key, [&] { Ignore(inner_->Replace(key, bytes)); }));
    return inner_->Replace(key, bytes);
  }
  Status LinkOrCopy(const std::string& from, Store& to_store, const std::string& to) override {
    // A link inside this store is one operation: what it is made of is not counted again.
    Store& target = &to_store == this ? *inner_ : to_store;
    ARROW_RETURN_NOT_OK(
        state_->Enter("link", to, [&] { Ignore(inner_->LinkOrCopy(from, target, to)); }));
    return inner_->LinkOrCopy(from, target, to);
  }
  Status Remove(const std::string& key) override {
    ARROW_RETURN_NOT_OK(state_->Enter("remove", key, [&] { Ignore(inner_->Remove(key)); }));
    return inner_->Remove(key);
  }
  std::string LocalPath(const std::string& key) const override { return inner_->LocalPath(key); }

 private:
  std::shared_ptr<Store> inner_;  // before the state: the litter goes first
  std::shared_ptr<FaultState> state_ = std::make_shared<FaultState>();
};

}  // namespace

std::shared_ptr<Store> MakeFaultyStore(std::shared_ptr<Store> inner, FaultPlan plan) {
  return std::make_shared<FaultyStore>(std::move(inner), std::move(plan));
}

}  // namespace millrace::io
