// Feeds committed seeds to a fuzz target, so that every ordinary test run replays them.
//
//   <name>_fuzz_replay FOLDER_OR_FILE...
//
// Every file below the folders is given as it is, and cut at three quarters, where parsers meet the
// end of their input in mid-record. No seed at all is a failure: a replay that reads nothing would
// pass for ever.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> SeedFiles(int argc, char** argv) {
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!fs::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(argv[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  return files;
}

void Replay(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  int replayed = 0;
  for (const fs::path& path : SeedFiles(argc, argv)) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (!file.good() && !file.eof()) {
      std::fprintf(stderr, "cannot read %s\n", path.c_str());
      return 1;
    }
    // Named before the run: after a crash the last line says which seed it was.
    std::fprintf(stderr, "%s\n", path.c_str());
    Replay(bytes);
    Replay(bytes.substr(0, bytes.size() / 4 * 3));
    ++replayed;
  }
  std::fprintf(stderr, "%d seeds replayed\n", replayed);
  return replayed > 0 ? 0 : 1;
}
