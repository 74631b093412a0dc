; A system call with something in every register, to see which of them it changes.

bits 64

; Stores all registers in order at an address.
%macro STORE 1
    mov [%1 + 0], rax
    mov [%1 + 8], rbx
    mov [%1 + 16], rcx
    mov [%1 + 24], rdx
    mov [%1 + 32], rsi
    mov [%1 + 40], rdi
    mov [%1 + 48], rbp
    mov [%1 + 56], rsp
    mov [%1 + 64], r8
    mov [%1 + 72], r9
    mov [%1 + 80], r10
    mov [%1 + 88], r11
    mov [%1 + 96], r12
    mov [%1 + 104], r13
    mov [%1 + 112], r14
    mov [%1 + 120], r15
%endmacro

section .bss
align 8
before: resq 16
after:  resq 16

section .text

; void call_with_all_registers(uint64_t rax, uint64_t rdi, uint64_t in[16], uint64_t out[16])
global call_with_all_registers
call_with_all_registers:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    push rdx
    push rcx
    mov rax, rdi
    mov rdi, rsi
    mov rbx, 0x1b1b1b1b1b1b1b1b
    mov rcx, 0x2c2c2c2c2c2c2c2c
    mov rdx, 0xd3d3d3d3d3d3d3d3
    mov rsi, 0x4e4e4e4e00000105     ; a tag and a type
    mov rbp, 0xb5b5b5b5b5b5b5b5
    mov r8, 0x8888888888888888
    mov r9, 0x9999999999999999
    mov r10, 0xaaaaaaaaaaaaaaaa
    mov r11, 0xbbbbbbbbbbbbbbbb
    mov r12, 0xcccccccccccccccc
    mov r13, 0xdddddddddddddddd
    mov r14, 0xeeeeeeeeeeeeeeee
    mov r15, 0xffffffffffffffff
    STORE before
    syscall
    STORE after
    pop rdi                         ; out
    pop rdx                         ; in
    mov rsi, after
    mov ecx, 16
    cld
    rep movsq
    mov rdi, rdx
    mov rsi, before
    mov ecx, 16
    rep movsq
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
