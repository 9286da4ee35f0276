#include <cstdio>

int main() {
  std::puts("millrace 0.1.0");
  return 0;
}
