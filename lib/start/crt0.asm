; The first instructions of a program. PROC_START gives rsp, rdi and rsi; see runtime_start().

bits 64
default rel

extern runtime_start, runtime_thread

global _start, runtime_entropy

THREAD_SELF   equ 0             ; offsets in musl's struct pthread (psABI: fs:0 points to itself),
THREAD_CANARY equ 0x28          ; checked in libc/thread.c

CPUID_1_ECX_RDRAND equ 30       ; Intel SDM vol. 2A, CPUID, table 3-10
RDRAND_TRIES       equ 10       ; Intel SDM vol. 1, 7.3.17.1

section .text

; void _start(void (*entry)(void *), void *arg)
_start:
    xor ebp, ebp                ; ends the chain of frame pointers
    push rdi
    push rsi
    lea rbx, [runtime_thread]
    wrfsbase rbx
    mov [rbx + THREAD_SELF], rbx
    call runtime_entropy
    mov ah, 0                   ; a zero byte stops string functions from copying the canary
    mov [rbx + THREAD_CANARY], rax
    pop rsi
    pop rdi
    call runtime_start          ; rsp is a multiple of 16 here; it does not return

; uint64_t runtime_entropy(void): a number that others cannot guess. Where the processor has no
; random numbers, one that differs from start to start.
runtime_entropy:
    push rbx                    ; cpuid destroys it
    mov eax, 1
    cpuid
    pop rbx
    bt ecx, CPUID_1_ECX_RDRAND
    jnc .counter
    mov ecx, RDRAND_TRIES
.try:
    rdrand rax
    jc .done
    dec ecx
    jnz .try
.counter:
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov rdx, 0x9e3779b97f4a7c15 ; 2^64 / golden ratio: spreads the low bits upwards,
    imul rax, rdx
    bswap rax                   ; and back
.done:
    ret
